/**
 * The keys of who is signed in, in this tab's memory only. `unlocked()` is for every staff page: it asks for a passkey or a passphrase
 * when they are not here. Nothing of them is ever persisted; a reload asks again.
 */
import { element, note, put, show, words } from "../ui/page.ts";
import { get, Refused } from "./ask.ts";
import { callOver, isInCall } from "./going_on.ts";
import { enter, unseal, type Door, type Secret } from "./doors.ts";
import { isPossible } from "./passkey.ts";
import { refusal } from "./refusal.ts";
import { ageIdentity, type Keys } from "./sealing.ts";

export interface Unlocked {
  /** `AGE-SECRET-KEY-1...` */
  readonly identity: string;
  readonly signingSeed: Uint8Array;
  /** base64url */
  readonly staffId: string;
}

/** The person closed the question. */
export class NotUnlocked extends Error {}

/** Who is signed in, as the page's template says. */
export interface Me {
  readonly staff: string;
  readonly pseudonym: string;
  readonly idle_s: number;
  readonly warn_s: number;
}

export const me = JSON.parse(document.getElementById("me")?.textContent ?? "null") as Me | null;

const SIGNED_IN = "signed-in";

let held: { keys: Keys; staff: string } | undefined;
let asking: { answer(): void; refuse(reason: Error): void; isSignIn: boolean } | undefined;
let waiting: Promise<void> | undefined;
let isReady = false;

/** The keys, asked for where they are not open. Rejects with `NotUnlocked`. */
export async function unlocked(): Promise<Unlocked> {
  const { keys, staff } = await opened();
  return { identity: ageIdentity(keys), signingSeed: keys.signing.slice(), staffId: staff };
}

/** The same as the page's own code uses them. */
export async function opened(): Promise<{ keys: Keys; staff: string }> {
  if (!held) await question(false);
  if (!held) throw new NotUnlocked();
  return held;
}

export function remember(keys: Keys, staff: string): void {
  held = { keys, staff };
}

/** Drop the keys from memory. */
export function forget(): void {
  held?.keys.identity.fill(0);
  held?.keys.signing.fill(0);
  held = undefined;
}

/** The session is over: blank the page, and sign in again in front of it, so that nothing that was written is lost. */
export async function signInAgain(): Promise<void> {
  if (asking?.isSignIn) return waiting;
  end(new NotUnlocked());
  forget();
  document.body.classList.add("blanked");
  await question(true);
  document.body.classList.remove("blanked");
}

/** Whether the page is locked, or asks for keys. */
export function isAsking(): boolean {
  return asking !== undefined;
}

/** Over a call the question stands aside, so that nothing of the call is out of reach, and comes back after it. What was blanked stays so. */
export async function standAside(): Promise<void> {
  element<HTMLDialogElement>("unlock").close();
  document.dispatchEvent(new Event("asks-for-keys"));
  await callOver();
  askNow();
}

/** Ask what stands aside, over a call too: whoever is on it wants the desk beside it. Escape leads back to the call. */
export function askNow(): void {
  const dialog = element<HTMLDialogElement>("unlock");
  if (!asking || dialog.open) return;
  show("unlock-cancel", !asking.isSignIn || isInCall());
  dialog.showModal();
  document.dispatchEvent(new Event("asks-for-keys"));
}

/** What a page does when its stream was refused: nothing where only the stream broke, and nobody has to sign in over a call. */
export async function signInWhereOut(): Promise<void> {
  await Promise.race([callOver(), new Promise((resolve) => document.addEventListener(SIGNED_IN, resolve, { once: true }))]);
  if (await isOut()) await signInAgain();
}

async function isOut(): Promise<boolean> {
  try {
    await get("/staff/session");
    return false;
  } catch (error) {
    return error instanceof Refused && error.code === "not_signed_in";
  }
}

function question(isSignIn: boolean): Promise<void> {
  if (asking) return waiting!;
  prepare();
  put("unlock-title", words.say(isSignIn ? "staff.locked_title" : "staff.unlock_title"));
  put("unlock-why", words.say(isSignIn ? "staff.locked" : "staff.unlock"));
  note("unlock-problem", "");
  show("unlock-passkey", isPossible());
  waiting = new Promise((answer, refuse) => (asking = { answer, refuse, isSignIn }));
  if (isSignIn && isInCall()) void standAside();
  else askNow();
  return waiting;
}

function prepare(): void {
  if (isReady) return;
  isReady = true;
  const dialog = element<HTMLDialogElement>("unlock");
  element("unlock-passkey").addEventListener("click", () => void tryWith({ kind: "passkey" }));
  element("unlock-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const field = element<HTMLInputElement>("unlock-passphrase");
    void tryWith({ kind: "passphrase", text: field.value });
    field.value = "";
  });
  element("unlock-cancel").addEventListener("click", refuse);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    refuse();
  });
}

/** Nobody has to answer, but a locked page stays locked: over a call its question only stands aside again. */
function refuse(): void {
  if (!asking?.isSignIn) end(new NotUnlocked());
  else if (isInCall()) element<HTMLDialogElement>("unlock").close();
}

async function tryWith(secret: Secret): Promise<void> {
  note("unlock-problem", "");
  show("unlock-working", true);
  try {
    if (asking?.isSignIn) await again(secret);
    else {
      const { staff, doors } = await get<{ staff: string; doors: readonly Door[] }>("/staff/doors");
      remember(await unseal(staff, doors, secret), staff);
    }
    end();
  } catch (error) {
    note("unlock-problem", refusal(error));
  } finally {
    show("unlock-working", false);
  }
}

async function again(secret: Secret): Promise<void> {
  const entered = await enter(secret, me?.pseudonym ?? "");
  // Another person's page must not be shown to whoever signs in at this screen.
  if (entered.staff !== me?.staff) return location.reload();
  remember(entered.keys, entered.staff);
}

function end(reason?: Error): void {
  element<HTMLDialogElement>("unlock").close();
  const now = asking;
  asking = undefined;
  if (reason) return now?.refuse(reason);
  now?.answer();
  if (now?.isSignIn) document.dispatchEvent(new Event(SIGNED_IN));
}
