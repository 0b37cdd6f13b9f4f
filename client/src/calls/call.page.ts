/** A call without a recording: one control, nothing asked. The microphone is asked for as it rings; who refuses it can write. */
import { config, element, keepOffline, show, wayOut, words } from "../ui/page.ts";
import { readingOf } from "./reading.ts";
import type { CallView, Source } from "./caller_view.ts";

let view: CallView | undefined;
const kept = new Map<string, Promise<MediaStreamTrack | undefined>>();

const read = document.getElementById("alone-read");
const reading = read && readingOf(read as HTMLButtonElement, document.querySelectorAll<HTMLElement>("#alone-cards li"), words);

document.getElementById("ring-now")?.addEventListener("click", () => void begin());
wayOut(leave);
window.addEventListener("pagehide", leave);
void keepOffline();

const source: Source = {
  state: { phase: "recording" },
  microphone: () => copyOf("audio"),
  camera: () => copyOf("video"),
  markCall: () => undefined,
};

async function begin(): Promise<void> {
  show("ring-now", false);
  reading?.silence();
  void copyOf("audio"); // asked while it counts down
  const { begin: ring } = await import("./caller_view.ts");
  view = await ring(element("call"), config, words.lang, source);
  for (const id of ["alone-cards", "alone-hotline"]) document.getElementById(id)?.remove();
}

/** Each use gets a track of its own: what one ends, the other may still need. */
async function copyOf(kind: "audio" | "video"): Promise<MediaStreamTrack | undefined> {
  const asked = kept.get(kind) ?? navigator.mediaDevices.getUserMedia({ [kind]: true }).then((stream) => stream.getTracks()[0], () => undefined);
  kept.set(kind, asked);
  const track = await asked;
  if (track?.readyState === "live") return track.clone();
  kept.delete(kind); // refused or ended: the next time asks again
  return undefined;
}

function leave(): void {
  reading?.silence();
  view?.leave();
  for (const asked of kept.values()) void asked.then((track) => track?.stop());
}
