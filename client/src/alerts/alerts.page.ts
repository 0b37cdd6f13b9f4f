/** The live page: what this phone verified itself, nearest first where the person asks for it, gone by itself when it is over. */
import { fromBase64, fromBase64url } from "../crypto/bytes.ts";
import type { Alert, AlertKeys } from "../crypto/alert.ts";
import { config, element, keepOffline, note, put, show, wayOut, words } from "../ui/page.ts";
import { byNearness, type Fix, type Place } from "./areas.ts";
import { ageOf, cardOf, titleOf, type City } from "./cards.ts";
import { keepHeard, lastHeard } from "./heard.ts";
import { Standing } from "./standing.ts";

const NEWS = "/alerts/news";
const TICK_MS = 5000;
/** Farther than any area. */
const FAR = 1e9;
/** That it is still heard is written down so often. */
const KEEP_MS = 60_000;
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
/** This is the copy that a phone shows without network: what it last heard, and how old that is. */
const isCopy = state.at === "";
let keptAt: number | undefined;
let isHeard = false;
let writtenMs = 0;
/** Areas by nearness, once the person asked for it. The fix itself is kept nowhere. */
let order: ReadonlyMap<string, number> | undefined;

element("nearest").addEventListener("click", nearest);
show("nearest", "geolocation" in navigator);
wayOut();
void keepOffline();
void begin();

async function begin(): Promise<void> {
  const kept = isCopy ? await lastHeard(Date.now() / 1000) : undefined;
  keptAt = kept?.at;
  await standing.take(kept ? kept.wires.map(({ wire }) => wire) : state.alerts);
  if (!isCopy) await keep();
  draw();
  listen();
  setInterval(tick, TICK_MS);
}

function tick(): void {
  draw();
  if (isHeard && Date.now() - writtenMs > KEEP_MS) void keep();
}

/** For a time without network: what stands, and that it was heard until now. */
async function keep(): Promise<void> {
  writtenMs = Date.now();
  await keepHeard({ at: Math.floor(Date.now() / 1000), wires: standing.wires() });
}

/** News as it comes; the browser asks again by itself, from the last event it had. */
function listen(): void {
  const news = new EventSource(NEWS);
  const heard = async ({ data }: MessageEvent<string>): Promise<void> => {
    if (!(await standing.take([data]))) return;
    draw(true);
    await keep();
  };
  for (const kind of ["message", "alert", "update", "cancel", "danger", "exercise", "test"]) news.addEventListener(kind, (event) => void heard(event as MessageEvent<string>));
  news.addEventListener("open", () => {
    if (isCopy) return location.reload();
    isHeard = true;
    show("off", false);
  });
  news.addEventListener("error", () => {
    isHeard = false;
    show("off", !isCopy);
  });
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
  // Without network nobody knows whether nothing stands.
  show("none", wanted.length === 0 && !isCopy);
  if (isCopy) note("kept", keptAt === undefined ? words.say("alerts.offline_never") : words.say("alerts.offline_kept", { n: Math.max(0, Math.floor((nowS - keptAt) / 60)) }));
  if (isNews && wanted[0]) put("said", `${city.areas[wanted[0].area]}. ${titleOf(wanted[0], words)}`);
}

/** Nearest first where the phone knows; drills after all that is real. */
function sorted(alerts: Alert[]): Alert[] {
  const by = order;
  const place = ({ area, status }: Alert): number => (status === "Actual" ? 0 : FAR) + (by ? (by.get(area) ?? by.size) : 0);
  return alerts.sort((a, b) => place(a) - place(b));
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
