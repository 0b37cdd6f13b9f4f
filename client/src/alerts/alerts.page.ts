/** The live page: what this phone verified itself, nearest first where the person asks for it, gone by itself when it is over. */
import { fromBase64, fromBase64url } from "../crypto/bytes.ts";
import type { Alert, AlertKeys } from "../crypto/alert.ts";
import { config, element, keepOffline, note, put, show, wayOut, words } from "../ui/page.ts";
import { byNearness, type Fix, type Place } from "./areas.ts";
import { ageOf, cardOf, titleOf, type City } from "./cards.ts";
import { Standing } from "./standing.ts";

const NEWS = "/alerts/news";
const TICK_MS = 5000;
const FIX: PositionOptions = { enableHighAccuracy: false, timeout: 10_000, maximumAge: 120_000 };

interface State {
  readonly alerts: readonly string[];
  readonly at: string;
  readonly areas: Readonly<Record<string, string>>;
  readonly timezone: string;
}

const state = JSON.parse(element("state").textContent) as State;
const places = JSON.parse(element("places").textContent) as readonly Place[];
const city: City = { areas: state.areas, timezone: state.timezone, emergencyNumber: config.emergency_number };
const standing = new Standing(pinned(), config.origin);
/** Areas by nearness, once the person asked for it. The fix itself is kept nowhere. */
let order: ReadonlyMap<string, number> | undefined;

element("nearest").addEventListener("click", nearest);
show("nearest", "geolocation" in navigator);
wayOut();
void keepOffline();
void begin();

async function begin(): Promise<void> {
  await standing.take(state.alerts);
  draw();
  listen();
  setInterval(draw, TICK_MS);
}

/** News as it comes; the browser asks again by itself, from the last event it had. */
function listen(): void {
  const news = new EventSource(NEWS);
  const heard = async ({ data }: MessageEvent<string>): Promise<void> => {
    if (await standing.take([data])) draw(true);
  };
  for (const kind of ["message", "alert", "update", "cancel", "danger", "exercise", "test"]) news.addEventListener(kind, (event) => void heard(event as MessageEvent<string>));
  news.addEventListener("open", () => show("off", false));
  news.addEventListener("error", () => show("off", true));
}

function draw(isNews = false): void {
  const nowS = Date.now() / 1000;
  const wanted = sorted(standing.at(nowS).filter((alert) => alert.area in city.areas));
  const list = element("list");
  const drawn = new Map([...list.children].map((card) => [(card as HTMLElement).dataset["key"] ?? "", card]));
  const cards = wanted.map((alert) => drawn.get(alert.id) ?? cardOf(alert, city, words, nowS));
  wanted.forEach((alert, at) => {
    (cards[at] as HTMLElement).dataset["key"] = alert.id;
    cards[at]!.lastElementChild!.textContent = ageOf(alert, words, nowS);
  });
  if (cards.length !== list.children.length || cards.some((card, at) => list.children[at] !== card)) list.replaceChildren(...cards);
  show("none", wanted.length === 0);
  if (isNews && wanted[0]) put("said", `${city.areas[wanted[0].area]}. ${titleOf(wanted[0], words)}`);
}

function sorted(alerts: Alert[]): Alert[] {
  const by = order;
  return by ? alerts.sort((a, b) => (by.get(a.area) ?? by.size) - (by.get(b.area) ?? by.size)) : alerts;
}

function nearest(): void {
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => sortFrom(coords),
    () => note("sorted", words.say("alerts.nearest_absent")),
    FIX,
  );
}

function sortFrom(fix: Fix): void {
  order = new Map(byNearness(fix, places).map(([area], at) => [area, at]));
  note("sorted", words.say("alerts.nearest_on"));
  draw();
}

function pinned(): AlertKeys {
  const keys = config.alert_keys ?? {};
  const bytes = (text: string): Uint8Array => (/[-_]/.test(text) || !text.endsWith("=") ? fromBase64url(text) : fromBase64(text));
  return { Actual: bytes(keys["Actual"] ?? ""), Exercise: bytes(keys["Exercise"] ?? ""), Test: bytes(keys["Test"] ?? "") };
}
