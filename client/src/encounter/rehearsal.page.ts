/** The rehearsal: permissions asked calmly, ten seconds recorded and seen to arrive, two choices made. Marked as rehearsal to the end. */
import { choose, leaving, name as homeName, sound } from "../ui/choices.ts";
import { config, dress, element, keepOffline, note, show, wayOut, words } from "../ui/page.ts";
import { draw } from "./draw.ts";
import type { Recorder } from "./recorder.ts";
import { showWords } from "./recovery_words.ts";
import type { RecorderState } from "./state.ts";
import { ending } from "./status.ts";

const SECONDS = 10;

let stream: MediaStream | undefined;
let recording: Recorder | undefined;
let isStopping = false;
let phase: RecorderState["phase"] = "idle";

element("ask").addEventListener("click", () => void askForDevices());
element("start").addEventListener("click", () => void begin());
element("choices").addEventListener("change", (event) => {
  const { name, value } = event.target as HTMLInputElement;
  if (name === "leave" || name === "sound" || name === "name") choose(name, value);
  dress();
});
wayOut(() => recording?.leaveNow(leaving() === "keep"));
void keepOffline();

async function askForDevices(): Promise<void> {
  const video = { facingMode: "environment" };
  stream = (await devices({ audio: true, video })) ?? (await devices({ audio: true })) ?? (await devices({ video }));
  note("asked", words.say(`rehearsal.${allowed(stream)}`));
  show("step-record", stream !== undefined);
  if (stream) element("start").focus();
}

function allowed(given: MediaStream | undefined): string {
  if (!given) return "refused";
  if (given.getVideoTracks().length === 0) return "sound_only";
  return given.getAudioTracks().length === 0 ? "picture_only" : "both";
}

async function devices(wanted: MediaStreamConstraints): Promise<MediaStream | undefined> {
  try {
    return await navigator.mediaDevices.getUserMedia(wanted);
  } catch {
    return undefined;
  }
}

async function begin(): Promise<void> {
  if (recording) return;
  element<HTMLButtonElement>("start").disabled = true;
  try {
    const { Recorder } = await import("./recorder.ts");
    const made = new Recorder({ config, kind: "rehearsal", lang: words.lang, ...(stream && { stream }) });
    recording = made;
    made.addEventListener("change", () => onChange(made.state));
    onChange(made.state);
    await made.start();
  } catch {
    if (phase !== "failed") failed("node_absent");
  }
}

function onChange(state: RecorderState): void {
  const before = phase;
  phase = state.phase;
  arrive(state.safeMs);
  show("live", phase === "starting" || phase === "recording" || phase === "paused" || phase === "finishing");
  draw(state);
  if (phase === "recording" && state.recordedMs >= SECONDS * 1000) stop();
  if (phase === before) return;
  if (phase === "failed") failed(state.stoppedBecause ?? "unknown");
  if (phase === "words" || (phase === "stopped" && before !== "words")) ended(state);
}

function stop(): void {
  if (isStopping) return;
  isStopping = true;
  void recording?.stop();
}

function arrive(safeMs: number): void {
  const seconds = Math.floor(safeMs / 1000);
  [...element("arrivals").children].forEach((square, i) => square.classList.toggle("arrived", i < seconds));
}

function ended(state: RecorderState): void {
  stream?.getTracks().forEach((track) => track.stop());
  document.body.classList.remove("live");
  const seconds = Math.min(SECONDS, Math.floor(state.safeMs / 1000));
  const isWhole = seconds === SECONDS;
  note("arrived", isWhole ? words.say("rehearsal.done") : words.say("rehearsal.some", { n: words.number(seconds) }));
  if (phase === "stopped") return offerChoices();
  showWords(state.words ?? [], () => {
    recording?.wordsCopied();
    offerChoices();
  });
}

function failed(because: string): void {
  show("live", false);
  document.body.classList.remove("live");
  note("asked", ending({ phase: "failed", stoppedBecause: because } as RecorderState, words));
  element<HTMLButtonElement>("start").disabled = false;
  recording = undefined;
  phase = "idle";
  offerChoices();
}

function offerChoices(): void {
  for (const [name, value] of [["leave", leaving()], ["sound", sound()], ["name", homeName()]]) {
    const choice = document.querySelector<HTMLInputElement>(`[name="${name}"][value="${value}"]`);
    if (choice) choice.checked = true;
  }
  show("step-choose", true);
  element("choose-title").focus();
}
