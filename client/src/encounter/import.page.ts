/** "I already filmed it": one file, sealed on this phone and sent, labelled for good as not captured here. */
import { leaving } from "../ui/choices.ts";
import { config, element, keepOffline, note, put, show, wayOut, words } from "../ui/page.ts";
import { showWords } from "./recovery_words.ts";
import type { RecorderState } from "./state.ts";
import { reasonOf } from "./status.ts";

type Import = ReturnType<(typeof import("./import.ts"))["importFile"]>;

let sending: Import | undefined;
let phase: RecorderState["phase"] = "idle";

element("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  void send();
});
wayOut(() => sending?.leaveNow(leaving() === "keep"));
void keepOffline();

async function send(): Promise<void> {
  const field = element<HTMLInputElement>("film");
  const film = field.files?.[0];
  field.setAttribute("aria-invalid", String(!film));
  note("problem", film ? "" : words.say("import.none"));
  if (!film || sending) return field.focus();
  try {
    const { importFile } = await import("./import.ts");
    const made = importFile(film, config);
    sending = made;
    made.addEventListener("change", () => onChange(made.state));
    onChange(made.state);
  } catch {
    failed("node_absent");
  }
}

function onChange(state: Import["state"]): void {
  const before = phase;
  phase = state.phase;
  show("choose", phase === "idle" || phase === "failed");
  show("live", phase === "finishing");
  for (const id of ["tongues", "foot"]) show(id, phase !== "finishing" && phase !== "words");
  element<HTMLProgressElement>("sent").value = state.bytesTotal > 0 ? state.bytesSafe / state.bytesTotal : 0;
  put("part", words.say("import.part", { done: megabytes(state.bytesSafe), total: megabytes(state.bytesTotal) }));
  note("trouble", state.network === "ok" ? "" : words.say(`import.${state.network}`));
  if (phase === before) return;
  if (phase === "failed") failed(state.stoppedBecause ?? "unknown");
  if (phase === "words") showWords(state.words ?? [], () => done("words.gone"));
  if (phase === "stopped" && before !== "words") done("words.none");
}

function done(sentence: string): void {
  sending?.wordsCopied();
  put("after-title", words.say("import.done"));
  put("after-words", words.say(sentence));
  for (const id of ["after", "tongues", "foot"]) show(id, true);
  element("after-title").focus();
}

function failed(because: string): void {
  note("problem", words.say("import.failed", { reason: reasonOf(because, words) }));
  sending = undefined;
  phase = "idle";
}

function megabytes(bytes: number): string {
  return words.number(bytes / 1e6, 1);
}
