/** The first page: one control. A tap records at once; everything else waits. */
import type { CallView, Source } from "../calls/caller_view.ts";
import { leaving } from "../ui/choices.ts";
import { config, element, keepOffline, note, put, show, wayOut, words } from "../ui/page.ts";
import { tone } from "../ui/signals.ts";
import { twice } from "../ui/twice.ts";
import { draw } from "./draw.ts";
import type { Recorder } from "./recorder.ts";
import { showWords } from "./recovery_words.ts";
import type { RecorderState } from "./state.ts";
import { ending, safe } from "./status.ts";

const UNSENT_LATE_MS = 2000;

const loading = import("./recorder.ts");
loading.then(({ prepare }) => prepare(config)).catch(() => undefined); // told at the tap, not before
let recording: Recorder | undefined;
let phase: RecorderState["phase"] = "idle";
let call: CallView | undefined;

element("record").addEventListener("click", () => void begin());
element("pause").addEventListener("click", () => (phase === "paused" ? recording?.resume() : recording?.pause()));
element("still-yes").addEventListener("click", () => recording?.stillThere());
twice({
  button: element("stop"),
  word: element("stop-word"),
  again: words.say("record.stop_again"),
  act: () => void recording?.stop(),
  canHold: true,
  needsRest: true,
});
wayOut(() => {
  call?.leave();
  recording?.leaveNow(leaving() === "keep");
});
void keepOffline();
void sendUnsent();

async function begin(): Promise<void> {
  if (recording) return;
  try {
    const { Recorder } = await loading;
    const made = new Recorder({ config, kind: "encounter", lang: words.lang });
    recording = made;
    // One that failed is let go, and what its keys still tell when they are ready is of nothing any more.
    made.addEventListener("change", () => recording === made && onChange(made.state));
    onChange(made.state);
    await made.start();
  } catch {
    if (phase !== "failed") failed("node_absent");
  }
}

function onChange(state: RecorderState): void {
  const before = phase;
  phase = state.phase;
  const isUnderWay = phase === "starting" || phase === "recording" || phase === "paused" || phase === "finishing";
  show("live", isUnderWay);
  show("rest", phase === "idle" || phase === "failed");
  for (const id of ["tongues", "foot"]) show(id, !(isUnderWay || phase === "words")); // a link away would end it
  prompt(state);
  if (isUnderWay) underWay(state);
  if (phase !== before) moved(state, before);
}

function underWay(state: RecorderState): void {
  draw(state);
  put("pause-word", words.say(phase === "paused" ? "record.resume" : "record.pause"));
  element("pause").classList.toggle("paused", phase === "paused");
  for (const id of ["pause", "stop"]) show(id, phase !== "finishing");
  preview();
}

function moved(state: RecorderState, before: RecorderState["phase"]): void {
  if (phase === "recording") tone("start");
  if (phase === "recording" && before === "starting") calls();
  if (phase === "starting") atTheTop();
  if (phase === "finishing") tone("end");
  if (phase === "failed") failed(state.stoppedBecause ?? "unknown");
  if (phase === "words" || (phase === "stopped" && before !== "words")) ended(state);
  call?.recordingMoved();
}

/** What is true of the recording is seen first: no focus may scroll its words away. */
function atTheTop(): void {
  scrollTo(0, 0);
  element("stop").focus({ preventScroll: true });
}

function calls(): void {
  if (config.call_place) void rings();
  void tells().catch(() => undefined); // some browsers refuse a page its storage
}

/** A lawyer is rung after three seconds that anybody can see; the recording waits for none of it. */
async function rings(): Promise<void> {
  const { begin } = await import("../calls/caller_view.ts");
  call = await begin(element("call"), config, words.lang, callFrom(recording!), element("cards"));
}

/** The call hears and sees through the recording's own devices. */
function callFrom(from: Recorder): Source {
  return {
    get state() {
      return from.state;
    },
    microphone: () => Promise.resolve(from.stream?.getAudioTracks()[0]?.clone()),
    camera: () => Promise.resolve(from.stream?.getVideoTracks()[0]?.clone()),
    markCall: (mark) => from.markCall(mark),
  };
}

/** So are the people of a circle that this phone has. */
async function tells(): Promise<void> {
  if (!("tocsin.circle" in localStorage)) return;
  const { begin } = await import("../circle/tell_view.ts");
  await begin(element("circle"), words.lang, () => phase === "recording" || phase === "paused");
}

function ended(state: RecorderState): void {
  call?.leave();
  document.body.classList.remove("live");
  note("ended", state.stoppedBecause === "person" ? "" : ending(state, words));
  put("after-title", ending(state, words));
  put("after-safe", safe(state, words));
  if (phase === "stopped") return finish("words.none");
  showWords(state.words ?? [], () => {
    recording?.wordsCopied();
    finish("words.gone");
  });
}

function finish(sentence: string): void {
  put("after-words", words.say(sentence));
  note("ended", "");
  element("after-words").after(element("circle")); // a false alarm can still be taken back
  for (const id of ["after", "tongues", "foot"]) show(id, true);
  element("after-title").focus();
}

function failed(because: string): void {
  const state = { phase: "failed", stoppedBecause: because } as RecorderState;
  note("ended", `${ending(state, words)}. ${words.say("status.failed_help")}`);
  element("ended").focus();
  recording = undefined;
  phase = "idle";
  show("live", false);
  for (const id of ["rest", "tongues", "foot"]) show(id, true);
}

function prompt(state: RecorderState): void {
  const dialog = element<HTMLDialogElement>("still");
  const isDue = state.promptDueMs !== undefined && phase === "recording";
  if (dialog.open === isDue) return;
  if (isDue) dialog.showModal();
  else dialog.close();
}

function preview(): void {
  const video = element<HTMLVideoElement>("preview");
  const stream = recording?.stream;
  video.hidden = phase === "finishing" || !stream?.getVideoTracks().length; // after the stop it would be a black square
  if (!stream || video.srcObject === stream) return;
  video.srcObject = stream;
  void video.play().catch(() => undefined);
}

/** Sealed seconds that an earlier page left go out by themselves, and the page says so when it takes long or is done. */
async function sendUnsent(): Promise<void> {
  const late = setTimeout(() => note("unsent", words.say("first.unsent")), UNSENT_LATE_MS);
  try {
    const resume = await import("./resume.ts");
    const sent = await resume.sendUnsent();
    note("unsent", sent > 0 ? words.say("first.unsent_done") : "");
  } catch {
    note("unsent", "");
  } finally {
    clearTimeout(late);
  }
}
