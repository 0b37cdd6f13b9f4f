/** The worker's part of push: whose it is shows it, a tap leads to its page. */
import { alertPushed, forgetEnded as forgetAlerts } from "../alerts/waking.ts";
import { circlePushed, forgetOld as forgetCircles, subscriptionChanged } from "../circle/waking.ts";
import { WINDOWS, type WakingScope } from "../push/scope.ts";

export function wakeUp(scope: WakingScope): void {
  scope.addEventListener("push", (event) => event.waitUntil(pushed(scope, event.data?.text() ?? "")));
  scope.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(subscriptionChanged(scope)));
  scope.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(open(scope, String(event.notification.data)));
  });
}

/** What has ended while nobody looked. */
export function forgetEnded(): Promise<void> {
  return Promise.all([forgetAlerts(), forgetCircles()]).then(() => undefined);
}

async function pushed(scope: WakingScope, wire: string): Promise<void> {
  if (!(await alertPushed(scope, wire))) await circlePushed(scope, wire);
}

async function open(scope: WakingScope, page: string): Promise<void> {
  const pages = await scope.clients.matchAll(WINDOWS);
  const found = pages.find((one) => new URL(one.url).pathname === page);
  await (found ? found.focus() : scope.clients.openWindow(page));
}
