/**
 * A page left open: two minutes before its session ends by itself it asks, and then it blanks and wants a sign-in in front of what
 * was written. What somebody does in one tab counts for all of them, and what goes on by itself (a call, a film) counts as done.
 */
import { element, put, words } from "../ui/page.ts";
import { post, Refused } from "./ask.ts";
import { isInCall, isSomethingDone } from "./going_on.ts";
import { forget, me, signInAgain } from "./unlocked.ts";

const LOOK_MS = 5_000;
const TELL_MS = 60_000;

const tabs = "BroadcastChannel" in globalThis ? new BroadcastChannel("tocsin-staff") : undefined;
let active = Date.now();
let told = Date.now();
let isLocking = false;

/** Watch this page. It holds `staff.html`'s dialogs. */
export function watchIdle(): void {
  if (!me) return;
  for (const act of ["pointerdown", "keydown", "input"]) document.addEventListener(act, didSomething, { passive: true });
  tabs?.addEventListener("message", ({ data: said }: MessageEvent<unknown>) => (said === "out" ? void lock(true) : heard(said)));
  element("still-here").addEventListener("click", didSomething);
  setInterval(() => void look(), LOOK_MS);
  for (const form of document.querySelectorAll<HTMLFormElement>('form[action$="/sign-out"]')) {
    form.addEventListener("submit", () => {
      forget();
      tabs?.postMessage("out");
    });
  }
}

function didSomething(): void {
  if (element<HTMLDialogElement>("unlock").open) return;
  active = Date.now();
  tabs?.postMessage(active);
  element<HTMLDialogElement>("still").close();
}

function heard(at: unknown): void {
  if (typeof at !== "number" || at <= active) return;
  active = at;
  element<HTMLDialogElement>("still").close();
}

async function look(): Promise<void> {
  if (!me || isLocking) return;
  if (isSomethingDone()) didSomething();
  const left = me.idle_s - (Date.now() - active) / 1000;
  if (left <= 0) return lock();
  if (left <= me.warn_s) warn(left);
  if (active > told && Date.now() - told >= TELL_MS) await tell();
}

function warn(left: number): void {
  const dialog = element<HTMLDialogElement>("still");
  if (!dialog.open) dialog.showModal();
  put("still-left", words.count("staff.still_left", Math.ceil(left / 60)));
}

async function tell(): Promise<void> {
  told = Date.now();
  try {
    await post("/staff/here", {});
  } catch (error) {
    if (error instanceof Refused && error.code === "not_signed_in" && !isInCall()) await lock();
  }
}

/** `isOut`: another tab has signed out, so there is no session left to end. */
async function lock(isOut = false): Promise<void> {
  if (isLocking) return;
  isLocking = true;
  element<HTMLDialogElement>("still").close();
  forget();
  if (!isOut) void post("/staff/sign-out", {}).catch(() => undefined);
  await signInAgain();
  active = told = Date.now();
  isLocking = false;
}
