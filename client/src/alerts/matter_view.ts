/** Draws the matter in hand: what was reported, what nobody said, who was asked, the two places of the decision, how people would read it. */
import type { Alert } from "../crypto/alert.ts";
import { make, makeFact } from "../ui/make.ts";
import { element, note, put, show, words } from "../ui/page.ts";
import { Sentences } from "../ui/sentences.ts";
import { sentencesOf, type City } from "./cards.ts";
import { silence, type Line } from "./matters.ts";

/** A report as the desk reads it; without what it says once it is decided. */
export interface Reported {
  readonly report: string;
  readonly origin?: string;
  readonly kind?: string;
  readonly how_many?: string;
  readonly wearing?: readonly string[];
  readonly vehicles?: string;
  readonly when?: string;
  readonly area?: string;
  readonly language?: string;
  readonly lane?: string;
  readonly photo?: string;
  readonly voice?: string;
  readonly text?: string;
}

export interface DeskState {
  readonly areas: Readonly<Record<string, string>>;
  readonly timezone: string;
  readonly number: string;
  /** Sentences of alerts and of the report's questions, by language. */
  readonly languages: Readonly<Record<string, { readonly name: string; readonly texts: Readonly<Record<string, string>> }>>;
  readonly stewards: readonly string[];
}

const PARTS = ["how_many", "vehicles", "when"] as const;

/** Each report under the other, with a button to part what was joined. */
export function drawReports(reports: readonly Reported[], matter: string, state: DeskState, part: (origin: string) => void): void {
  const sections = reports.map((one, at) => {
    const section = make("section", { className: "group report-said" }, make("h3", {}, words.say("adesk.report_n", { n: at + 1 })));
    section.dataset["report"] = one.report;
    if (!one.kind) section.append(make("p", { className: "muted" }, words.say("adesk.report_gone")));
    else section.append(make("dl", { className: "facts" }, ...factsOf(one, state)));
    section.append(make("div", { className: "group" }));
    if (one.origin && one.origin !== matter) {
      const button = make("button", { type: "button", className: "button" }, words.say("adesk.do_part"));
      button.addEventListener("click", () => part(one.origin!));
      section.append(button);
    }
    return section;
  });
  element("reports").replaceChildren(...sections);
}

function factsOf(one: Reported, state: DeskState): HTMLElement[] {
  const told = PARTS.map((part) => makeFact(words.say(`report.ask_${part}`), words.say(`report.${part}_${one[part]!}`)));
  const wearing = (one.wearing ?? []).map((each) => words.say(`report.wearing_${each}`)).join(", ");
  return [
    ...makeFact(words.say("report.ask_kind"), words.say(`report.kind_${one.kind!}`)),
    ...makeFact(words.say("report.ask_wearing"), wearing || "–"),
    ...told.flat(),
    ...makeFact(words.say("adesk.reader_language"), state.languages[one.language!]?.name ?? one.language ?? ""),
    ...makeFact(words.say("adesk.lane"), words.say(`adesk.lane_${one.lane!}`)),
  ];
}

/** What nobody said, and the question for it in the languages of who reported. */
export function drawMissing(line: Line, state: DeskState): void {
  const what = line.missing.map((part) => words.say(`report.ask_${part}`)).join(" ");
  note("missing", what ? words.say("adesk.missing", { what }) : "");
  const asking = line.asking.map((part) => words.say(`report.ask_${part}`)).join(" ");
  note("asking", asking ? words.say("adesk.asking", { what: asking }) : "");
  const asks = line.languages.flatMap((code) => {
    const language = state.languages[code];
    const text = line.missing.map((part) => language?.texts[`report.ask_${part}`] ?? "").join(" ");
    const value = make("dd", { lang: code }, text);
    return language && what ? [make("dt", {}, `${words.say("adesk.missing_ask")} (${language.name})`), value] : [];
  });
  element("missing-ask").replaceChildren(...asks);
}

export function drawAsked(line: Line): void {
  const told = line.asked.map(([name, cohort, answer]) => {
    const said = words.say(`adesk.answer_${answer}`);
    return cohort === 0 ? words.say("adesk.asked_desk", { answer: said }) : words.say("adesk.asked_line", { name, cohort, answer: said });
  });
  element("asked").replaceChildren(...(told.length > 0 ? told : [words.say("adesk.asked_none")]).map((text) => make("li", {}, text)));
}

/** Voices counted, two places for who releases, and what would be read. */
export function drawDecision(line: Line, state: DeskState): void {
  put("slots-seen", words.say("adesk.slots_seen", { n: line.seen, needed: line.needed }));
  put("slots-nothing", words.say("adesk.slots_nothing", { n: line.nothing, needed: line.needed }));
  const isPublic = ["published", "checked"].includes(line.state) && line.digest === "";
  [1, 2].forEach((nth) => put(`slot-${nth}`, words.say(isPublic || line.releases >= nth ? "adesk.slot_done" : "adesk.slot_open")));
  show("preview-part", line.digest !== "");
  if (line.digest !== "") element("preview").replaceChildren(...previews(line, state));
  put("preview-title", words.say(line.version > 0 ? "adesk.preview_update" : "adesk.preview"));
  show("public-part", line.alert !== "" && ["published", "checked"].includes(line.state));
  show("update-how", line.state === "published");
  show("over-how", line.state === "published" && line.nothing >= line.needed);
  note("corrected", line.corrected_s < 0 ? "" : words.say("adesk.corrected", { time: silence(0, line.corrected_s * 1000) }));
}

/** The text of every language, with the times as they would be now. */
function previews(line: Line, state: DeskState): HTMLElement[] {
  const now = Math.floor(Date.now() / 1000);
  const step = (time: number, seconds: number): number => Math.floor(time / seconds) * seconds;
  const sent = step(now, 300);
  const isNothing = line.state === "nothing-seen" || line.state === "checked";
  const alert = {
    kind: isNothing ? "nothing-seen" : line.kind, status: line.status, msg_type: line.version > 0 ? "Update" : "Alert", reason: "", area: line.area, sent,
    seen_from: step(now, 600), seen_to: step(now, 600) + 600, expires: Math.max(step(sent + line.life_minutes * 60, 900), step(sent, 900) + 900),
  } as unknown as Alert;
  const city: City = { areas: state.areas, timezone: state.timezone, emergencyNumber: state.number };
  return Object.entries(state.languages).map(([code, { name, texts }]) => {
    const own = new Sentences(code, texts);
    const title = make("strong", {}, own.titled(state.areas[line.area] ?? line.area, own.say(`alert.kind.${alert.kind}`)));
    const drill = line.status === "Actual" ? [] : [make("p", { className: "drill" }, own.say(`alert.status.${line.status.toLowerCase()}`))];
    const lines = sentencesOf(alert, city, own).map((text) => make("p", {}, text));
    return make("section", { lang: code, className: "alert" }, make("p", { className: "muted small" }, name), ...drill, make("p", {}, title), ...lines);
  });
}
