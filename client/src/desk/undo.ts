/** Ten seconds to take something back, instead of a question before it. */
import { element, put, show } from "../ui/page.ts";

export const UNDO_MS = 10_000;

let timer: ReturnType<typeof setTimeout> | undefined;
let back: (() => void) | undefined;
let onward: (() => void) | undefined;

export function prepare(): void {
  element("undo-do").addEventListener("click", undo);
  addEventListener("pagehide", goOn);
}

/** It was done; `undone` takes it back. */
export function offer(text: string, undone: () => void): void {
  goOn();
  back = undone;
  tell(text);
}

/** It will be done in ten seconds, or when something else is, unless it is taken back: for what cannot be undone. */
export function later(text: string, act: () => void): void {
  goOn();
  onward = act;
  tell(text);
}

export function undo(): void {
  const undone = back;
  end();
  undone?.();
}

function goOn(): void {
  const act = onward;
  end();
  act?.();
}

function tell(text: string): void {
  put("undo-text", text);
  show("undo", true);
  timer = setTimeout(goOn, UNDO_MS);
}

function end(): void {
  clearTimeout(timer);
  back = onward = undefined;
  show("undo", false);
}
