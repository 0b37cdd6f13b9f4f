/** What of a service worker push needs. */
export interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
export interface Pushed extends Lasting {
  readonly data: { text(): string } | null;
}
export interface Tapped extends Lasting {
  readonly notification: { close(): void; readonly data: unknown };
}
export interface OpenPage {
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
export const WINDOWS = { type: "window", includeUncontrolled: true };

/** Tell every page that is open. */
export async function tellPages(scope: WakingScope, told: unknown): Promise<void> {
  for (const page of await scope.clients.matchAll(WINDOWS)) page.postMessage(told);
}
