/** Ten seconds to take something back, instead of a question before it. */
import { element, put, show } from "../ui/page.ts";

export const UNDO_MS = 10_000;

let timer: ReturnType<typeof setTimeout> | undefined;
let back: Act | undefined;
let onward: Act | undefined;
let refused: (error: unknown) => void = () => undefined;

type Act = () => Promise<unknown>;

/** `failed` hears of what was refused after the page went on. */
export function prepare(failed: (error: unknown) => void): void {
  refused = failed;
  element("undo-do").addEventListener("click", undo);
  addEventListener("pagehide", goOn);
}

/** It was done; `undone` takes it back. */
export function offer(text: string, undone: Act): void {
  goOn();
  back = undone;
  tell(text);
}

/** It will be done in ten seconds, or when something else is, unless it is taken back: for what cannot be undone. */
export function later(text: string, act: Act): void {
  goOn();
  onward = act;
  tell(text);
}

export function undo(): void {
  const undone = back;
  end();
  undone?.().catch(refused);
}

function goOn(): void {
  const act = onward;
  end();
  act?.().catch(refused);
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
