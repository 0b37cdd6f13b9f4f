/** The worker's part of push: verify, show something neutral, lead to the page. It is told nothing that is not signed. */
import { circlePushed, forgetOld, subscriptionChanged } from "../circle/waking.ts";
import { type Shown, dropEnded, onPhone, receive } from "./push.ts";

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Pushed extends Lasting {
  readonly data: { text(): string } | null;
}
interface Tapped extends Lasting {
  readonly notification: { close(): void; readonly data: unknown };
}
interface OpenPage {
  readonly url: string;
  focus(): Promise<unknown>;
  postMessage(told: unknown): void;
}
export interface WakingScope {
  readonly registration: { showNotification(title: string, options: object): Promise<void>; readonly pushManager?: PushManager };
  readonly clients: {
    matchAll(options: object): Promise<readonly OpenPage[]>;
    openWindow(url: string): Promise<unknown>;
  };
  addEventListener(type: "push", listener: (event: Pushed) => void): void;
  addEventListener(type: "notificationclick", listener: (event: Tapped) => void): void;
  addEventListener(type: "pushsubscriptionchange", listener: (event: Lasting) => void): void;
}

/** A page that was opened before its first worker counts too. */
const WINDOWS = { type: "window", includeUncontrolled: true };

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
  return Promise.all([dropEnded(onPhone, Math.floor(Date.now() / 1000)), forgetOld()]).then(() => undefined);
}

async function pushed(scope: WakingScope, wire: string): Promise<void> {
  const shown = await receive(onPhone, wire, Math.floor(Date.now() / 1000));
  if (!shown) return circlePushed(scope, wire);
  await scope.registration.showNotification(shown.pins.title, options(shown));
  for (const page of await scope.clients.matchAll(WINDOWS)) page.postMessage({ pushed: shown.status });
}

/** The same words for everything; what takes something back makes itself heard in its place. */
function options({ root, pins }: Shown): object {
  return { body: pins.text, tag: root, renotify: true, data: pins.page };
}

async function open(scope: WakingScope, page: string): Promise<void> {
  const pages = await scope.clients.matchAll(WINDOWS);
  const found = pages.find((one) => new URL(one.url).pathname === page);
  await (found ? found.focus() : scope.clients.openWindow(page));
}
