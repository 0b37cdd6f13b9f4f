/** The worker's part of circles: verify, show something neutral, tell open pages. Nothing that is pushed starts anything. */
import type { WakingScope } from "../alerts/waking.ts";
import { messages, onPhone, receive } from "./member.ts";
import { refill } from "./place.ts";

const WINDOWS = { type: "window", includeUncontrolled: true };

export async function circlePushed(scope: WakingScope, wire: string): Promise<void> {
  const heard = await receive(onPhone, wire, Math.floor(Date.now() / 1000));
  if (!heard) return;
  const { title, text, page } = heard.neutral;
  await scope.registration.showNotification(title, { body: text, tag: heard.tag, renotify: true, data: page });
  for (const open of await scope.clients.matchAll(WINDOWS)) open.postMessage({ circle: heard.kind });
}

/** What is older than a day. */
export async function forgetOld(): Promise<void> {
  await messages(onPhone, Math.floor(Date.now() / 1000));
}

/** The browser changed where it is reached. */
export async function subscriptionChanged(scope: WakingScope): Promise<void> {
  await refill((await scope.registration.pushManager?.getSubscription()) ?? null);
}
