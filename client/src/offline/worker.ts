/**
 * The service worker: keeps the recording pages of one language and everything they load, so that the second visit needs no network.
 *
 * The node puts one line before this file: SHELL, with the release's version and its files. A new release is another worker with a
 * cache of its own; it waits until every page of the old one is closed, because a page that records must never find its own parts
 * replaced. Answers of the node itself (seconds, receipts, words) never pass through here.
 */
import { lastHeard } from "../alerts/heard.ts";
import { sendWaiting, SYNC } from "../alerts/send.ts";
import { dropUnsent, sendUnsent } from "../encounter/resume.ts";
import { thisPhone } from "../phone/device.ts";
import type { Left } from "../phone/leaving.ts";
import { letGoOf } from "../phone/lock.ts";
import { Unsent } from "../phone/unsent.ts";
import type { WakingScope } from "../push/scope.ts";
import { forgetEnded, wakeUp } from "./waking.ts";

interface Shell {
  readonly version: string;
  readonly files: readonly string[];
  readonly languages: readonly string[];
  readonly pages: readonly string[];
  /** By language, the recordings of its cards. */
  readonly heard: Readonly<Record<string, readonly string[]>>;
}
interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Asking extends Lasting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Told extends Lasting {
  readonly data: ({ readonly keep?: string } & Partial<Left>) | null;
}
interface Online extends Lasting {
  readonly tag: string;
}
interface OwnScope {
  /** Background Sync (WICG), where there is one. */
  readonly registration: { readonly sync?: { register(tag: string): Promise<void> } };
  addEventListener(type: "sync", listener: (event: Online) => void): void;
  addEventListener(type: "install" | "activate", listener: (event: Lasting) => void): void;
  addEventListener(type: "fetch", listener: (event: Asking) => void): void;
  addEventListener(type: "message", listener: (event: Told) => void): void;
}

declare const SHELL: Shell;

const PREFIX = "release-";
const CACHE = PREFIX + SHELL.version;
const STATIC = "/static/built/";
/** A person who leaves does not wait for a network. */
const LEAVE_WITHIN_MS = 800;
/** Waits before each try: what the page that was left was writing down may come after it let go of its recording. */
const LEFT_AFTER_MS = [300, 1_500, 5_000, 15_000];

/** Before the number of a recording in the name of what the browser is to go on with. */
const LEFT = "left ";

const scope = self as unknown as OwnScope;

wakeUp(self as unknown as WakingScope);
scope.addEventListener("install", (event) => event.waitUntil(install()));
scope.addEventListener("activate", (event) => event.waitUntil(Promise.all([dropOldReleases(), forgetEnded(), forgetHeard()])));
scope.addEventListener("message", (event) => event.waitUntil(event.data?.unsent ? settle(event.data as Left) : keep(event.data?.keep ?? "")));
scope.addEventListener("sync", (event) => event.waitUntil(event.tag === SYNC ? sendReports() : event.tag.startsWith(LEFT) ? goOn(event.tag.slice(LEFT.length)) : Promise.resolve()));
scope.addEventListener("fetch", (event) => {
  const { method, url, mode } = event.request;
  const address = new URL(url);
  if (method !== "GET" || address.origin !== location.origin) return;
  if (address.pathname.startsWith(STATIC)) event.respondWith(kept(event.request));
  else if (mode === "navigate") event.respondWith(page(event.request, address.pathname));
});

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll([...SHELL.files]);
  for (const language of await keptLanguages()) await keep(language);
}

/** Languages that an older release kept on this phone. */
async function keptLanguages(): Promise<string[]> {
  const found = [];
  for (const language of SHELL.languages) if (await caches.match(`/${language}/`)) found.push(language);
  return found;
}

async function dropOldReleases(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
}

/** What the live page heard and has ended since. */
async function forgetHeard(): Promise<void> {
  await lastHeard(Date.now() / 1000);
}

/** Keep the pages of one language. All or none: a page without its neighbours would lead nowhere. */
async function keep(language: string): Promise<void> {
  if (!SHELL.languages.includes(language)) return;
  const cache = await caches.open(CACHE);
  if (!(await cache.match(`/${language}/`))) await cache.addAll(SHELL.pages.map((path) => new Request(`/${language}/${path}`, { cache: "no-store" })));
  await keepHeard(cache, language);
}

/** The voice of the cards, one after the other behind everything else. Who saves data fetches it when they ask to hear it; what is missed is tried again at the next visit. */
async function keepHeard(cache: Cache, language: string): Promise<void> {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  if (connection?.saveData) return;
  for (const address of SHELL.heard[language] ?? []) {
    if (await cache.match(address)) continue;
    const answer = await fetch(new Request(address, { priority: "low" })).catch(() => undefined);
    if (answer?.ok) await cache.put(address, answer);
  }
}

/** What a page that was left at once could not finish: its ciphertext goes on, or is dropped. */
async function settle({ unsent, recording }: Left): Promise<void> {
  // Where the browser can wait for a network by itself, it goes on with this long after the worker was stopped.
  if (unsent === "send") await scope.registration.sync?.register(LEFT + recording).catch(() => undefined);
  if (unsent === "drop") await dropHere(recording);
  await letGoOf(recording); // a slow phone takes seconds to end a page
  for (const wait of LEFT_AFTER_MS) {
    await thisPhone.wait(wait);
    if (unsent === "send") await sendUnsent(thisPhone, undefined, recording);
    else await dropHere(recording);
  }
}

/** Rejects while something is left, so that the browser tries again. */
async function goOn(recording: string): Promise<void> {
  await sendUnsent(thisPhone, undefined, recording);
  const store = await Unsent.open();
  const rows = await store.recordings();
  store.close();
  if (rows.some((row) => row.id === recording)) throw new Error("not all of it was sent");
}

/** Rejects while a report waits, so that the browser tries again. */
async function sendReports(): Promise<void> {
  if ((await sendWaiting(Date.now())) > 0) throw new Error("not all of them were sent");
}

async function dropHere(recording: string): Promise<void> {
  const store = await Unsent.open();
  await dropUnsent([recording], store);
  store.close();
}

async function kept(request: Request): Promise<Response> {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}

async function page(request: Request, path: string): Promise<Response> {
  if (path === "/leave") return leave(request);
  const cache = await caches.open(CACHE);
  const own = await cache.match(path, { ignoreVary: true });
  if (own) return own;
  try {
    return await fetch(request);
  } catch {
    await forgetHeard();
    const copy = await cache.match(`${path}/offline`, { ignoreVary: true });
    if (copy) return copy;
    const language = await someLanguage(path);
    if (path === "/") return Response.redirect(`/${language}/`, 303);
    return (await cache.match(`/${language}/offline`)) ?? Response.error();
  }
}

async function leave(request: Request): Promise<Response> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("late")), LEAVE_WITHIN_MS));
  try {
    return await Promise.race([fetch(request), late]);
  } catch {
    return Response.redirect(`/${await someLanguage("/")}/measures`, 303);
  }
}

/** The language of `path` where it is kept here, else any that is. */
async function someLanguage(path: string): Promise<string> {
  const kept = await keptLanguages();
  const asked = path.split("/")[1] ?? "";
  return kept.includes(asked) ? asked : (kept[0] ?? SHELL.languages[0] ?? "en");
}
