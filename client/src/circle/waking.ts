/** Circles' part of a push: verify, show something neutral, tell open pages. Nothing that is pushed starts anything. */
import { tellPages, type WakingScope } from "../push/scope.ts";
import { messages, onPhone, receive } from "./member.ts";
import { refill } from "./place.ts";

export async function circlePushed(scope: WakingScope, wire: string): Promise<void> {
  const heard = await receive(onPhone, wire, Math.floor(Date.now() / 1000));
  if (!heard) return;
  const { title, text, page } = heard.neutral;
  await scope.registration.showNotification(title, { body: text, tag: heard.tag, renotify: true, data: page });
  await tellPages(scope, { circle: heard.kind });
}

/** What is older than a day. */
export async function forgetOld(): Promise<void> {
  await messages(onPhone, Math.floor(Date.now() / 1000));
}

/** The browser changed where it is reached. */
export async function subscriptionChanged(scope: WakingScope): Promise<void> {
  await refill((await scope.registration.pushManager?.getSubscription()) ?? null);
}
