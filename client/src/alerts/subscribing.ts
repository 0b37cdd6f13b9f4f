/** This phone's push subscription: asking for it, trying it, leaving it. The node keeps of it what docs/spec/push.md says. */
import { base64url, fromBase64url, randomBytes } from "../crypto/bytes.ts";
import { letGo, subscriptionFor } from "../push/browser_push.ts";
import { get, post } from "../staff/ask.ts";
import { type Pins, pin, unpin } from "./push.ts";

export interface Zone {
  readonly id: string;
  readonly name: string;
}
export interface Offer {
  readonly key: string;
  readonly zones: readonly Zone[];
}
/** What this phone remembers: how it leaves, and which zone it named. */
export interface Mine {
  readonly secret: string;
  readonly zone: string;
}

const PLACE = "tocsin.push";
const SECRET_BYTES = 32;

export type Ability = "can" | "add_to_home" | "no_push" | "blocked";

/** Whether this browser can do it, and if not, what stands in the way. */
export function ability(): Ability {
  const isApple = /iPhone|iPad|iPod/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
  const isAtHome = matchMedia("(display-mode: standalone)").matches;
  if (isApple && !isAtHome && !("PushManager" in globalThis)) return "add_to_home";
  if (!("serviceWorker" in navigator) || !("PushManager" in globalThis) || !("Notification" in globalThis)) return "no_push";
  return Notification.permission === "denied" ? "blocked" : "can";
}

export function mine(): Mine | undefined {
  try {
    return (JSON.parse(localStorage.getItem(PLACE) ?? "null") as Mine | null) ?? undefined;
  } catch {
    return undefined;
  }
}

export function offered(): Promise<Offer> {
  return get<Offer>("/push/offer");
}

/** Ask the person, the browser and the node, in this order. Rejects with `Refused`, or what the browser says. */
export async function subscribe(offer: Offer, zone: string, pins: Pins): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") throw new DOMException("", "NotAllowedError");
  const subscription = await subscriptionFor(fromBase64url(offer.key));
  const secret = mine()?.secret ?? base64url(randomBytes(SECRET_BYTES));
  await pin(pins);
  localStorage.setItem(PLACE, JSON.stringify({ secret, zone }));
  const { endpoint, keys } = subscription.toJSON();
  await post("/push/subscribe", { subscription: { endpoint, keys: { p256dh: keys?.["p256dh"], auth: keys?.["auth"] } }, zone, secret });
}

/** Have the node send a trial. */
export async function tryAgain(): Promise<void> {
  await post("/push/test", { secret: mine()?.secret ?? "" });
}

/** Leave: here at once, at the browser unless its subscription is shared, and at the node where it can be reached. */
export async function leave(isShared: () => Promise<boolean>): Promise<void> {
  const secret = mine()?.secret;
  localStorage.removeItem(PLACE);
  await unpin();
  if (!(await isShared())) await letGo();
  if (secret) await post("/push/leave", { secret });
}
