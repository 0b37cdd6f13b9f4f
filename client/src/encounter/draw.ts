/** Draws the state of a recording into the parts of a page that have a mark and a status. */
import { element, listItems, note, put, words } from "../ui/page.ts";
import { vibrate } from "../ui/signals.ts";
import type { RecorderState } from "./state.ts";
import { tell } from "./status.ts";

/** How often a screen reader is told how far the recording is safe. Trouble, and whether it records, pauses or ends, are told at once. */
const SPOKEN_EVERY_MS = 15_000;

let spoken: RecorderState | undefined;
let network: RecorderState["network"] = "ok";

export function draw(state: RecorderState): void {
  const told = tell(state, words);
  put("mark-word", told.mark);
  put("clock", told.clock);
  element("mark").classList.toggle("paused", state.phase !== "recording");
  put("safe", told.safe);
  put("here", told.here);
  note("trouble", told.trouble);
  listItems("bits", told.bits);
  document.body.classList.toggle("live", state.phase === "recording");
  speak(state, `${told.mark}. ${told.safe}. ${told.here}`);
  feel(state.network);
}

function speak(state: RecorderState, sentence: string): void {
  if (state.phase === spoken?.phase && Math.abs(state.recordedMs - spoken.recordedMs) < SPOKEN_EVERY_MS) return;
  spoken = state;
  put("said", sentence.replaceAll("\u00ad", "")); // where a word may break is for the eye
}

function feel(now: RecorderState["network"]): void {
  if (now === "lost" && network !== "lost") vibrate("lost");
  if (now !== "lost" && network === "lost") vibrate("back");
  network = now;
}
