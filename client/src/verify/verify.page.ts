/** Check a package on this device: nothing is sent. Draws what `verify` reports; text from the package goes in as text, escaped and cut. */
import { make } from "../ui/make.ts";
import { element, note, wayOut, words } from "../ui/page.ts";
import type { Report, Step } from "./report.ts";

const VERDICTS = { 0: "pass", 1: "fail", 2: "unreadable", 3: "incomplete" } as const;

element("check").addEventListener("submit", (event) => {
  event.preventDefault();
  void check();
});
wayOut();

async function check(): Promise<void> {
  const [field, keys] = [element<HTMLInputElement>("package"), element<HTMLInputElement>("trust")];
  const file = field.files?.[0];
  field.setAttribute("aria-invalid", String(!file));
  note("problem", file ? "" : words.say("verify.none"));
  if (!file) return field.focus();
  element("results").replaceChildren(make("p", {}, words.say("verify.working")));
  try {
    const { readTrust, verify } = await import("./verify.ts");
    const trust = keys.files?.[0] && (await readTrust(await keys.files[0].text()));
    draw(await verify(file, trust));
  } catch {
    element("results").replaceChildren();
    note("problem", words.say("verify.trust_unreadable"));
  }
}

function draw(report: Report): void {
  const verdict = VERDICTS[report.exit];
  const title = make("h2", { tabIndex: -1, className: verdict === "pass" ? "" : "problem" }, words.say(`verify.verdict_${verdict}`));
  element("results").replaceChildren(title, ...marks(report), ...around(report), ...(report.steps.length > 0 ? [...existed(report), table(report)] : []));
  title.focus();
}

/** What the recording is not, under the verdict and before anything that it shows. */
function marks(report: Report): HTMLElement[] {
  return report.marks.map((mark) => make("p", { className: "rehearsing" }, words.say(`verify.mark_${mark}`)));
}

/** That there is or may be more than this recording. */
function around({ ending, continues }: Report): HTMLElement[] {
  const told = ending === undefined || ending === "stopped" ? [] : [words.say(`verify.${ending}`)];
  if (continues) told.push(words.say("verify.continues", { recording: continues[0], n: continues[1] }));
  return told.map((text) => make("p", { className: "problem" }, text));
}

/** By when what was recorded existed, where witnesses say so and nothing failed. */
function existed(report: Report): HTMLElement[] {
  if (!report.witnessed) return [];
  const time = new Date(report.witnessed.time * 1000).toLocaleString(words.lang, { dateStyle: "long", timeStyle: "long", timeZone: "UTC" });
  return [make("p", {}, words.say("verify.existed", { n: words.number(report.witnessed.seq), time }))];
}

function table(report: Report): HTMLElement {
  const heads = ["step", "result", "detail"].map((name) => make("th", { scope: "col" }, words.say(`verify.${name}`)));
  const made = make("table", {}, make("caption", {}, words.say("verify.results")), make("thead", {}, make("tr", {}, ...heads)));
  made.append(make("tbody", {}, ...report.steps.map(row)));
  return made;
}

function row(step: Step): HTMLElement {
  const isBad = step.status === "FAIL" || step.status === "MISSING";
  const status = words.say(`verify.${step.status.toLowerCase().replace(" ", "_")}`);
  const detail = step.codes.length > 0 ? step.codes.map((code, i) => why(step, code, step.where[i] ?? "")) : [words.say(`verify.step_${step.name}`)];
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, `${words.number(step.number)} ${words.say(`verify.name_${step.name}`)}`),
    make("td", { className: isBad ? "problem" : "" }, status),
    make("td", { className: "long" }, ...detail.flatMap((text, i) => (i > 0 ? [make("br", {}), text] : [text]))),
  );
}

/** A code in words where there are words for it; every FAIL says that it is one, and by code and place what an expert asks. */
function why(step: Step, code: string, where: string): string {
  if (words.has(`verify.why_${code}`)) return words.say(`verify.why_${code}`);
  return words.say(step.status === "FAIL" ? "verify.why_wrong" : "verify.why", { code, where: where || "-" });
}
