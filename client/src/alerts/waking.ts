/** Alerts' part of a push: verify, show something neutral. It is told nothing that is not signed. */
import { tellPages, type WakingScope } from "../push/scope.ts";
import { type Shown, dropEnded, onPhone, receive } from "./push.ts";

/** Show what was pushed, if it is an alert's; whether it was. */
export async function alertPushed(scope: WakingScope, wire: string): Promise<boolean> {
  const shown = await receive(onPhone, wire, Math.floor(Date.now() / 1000));
  if (!shown) return false;
  await scope.registration.showNotification(shown.pins.title, options(shown));
  await tellPages(scope, { pushed: shown.status });
  return true;
}

/** What has ended while nobody looked. */
export async function forgetEnded(): Promise<void> {
  await dropEnded(onPhone, Math.floor(Date.now() / 1000));
}

/** The same words for everything; what takes something back makes itself heard in its place. */
function options({ root, pins }: Shown): object {
  return { body: pins.text, tag: root, renotify: true, data: pins.page };
}
