/** What every page with script shares: its sentences, its elements, its own worker, and the quick way out. */
import type { ClientConfig } from "../phone/config.ts";
import { name } from "./choices.ts";
import { type Forms, Sentences } from "./sentences.ts";

/** The one Trusted Types policy: a script address is a worker of this node's own or nothing. */
interface Policy {
  createScriptURL(address: string): string;
}
interface PolicyMaker {
  createPolicy(name: "app", rules: Policy): Policy;
}

const OWN_WORKER = "/worker.js";

export const words = new Sentences(document.documentElement.lang, embedded<Record<string, string | Forms>>("strings"));
export const config = embedded<ClientConfig>("config");

/** A page that was left is empty: what still comes back to it has nowhere to stand. */
let isLeft = false;

/** The element `id`, which the page's template holds. Throws when it does not: a test finds it. */
export function element<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found as T;
}

/** Set what `id` says, touching the page only when it changes: a screen reader must hear each change once. */
export function put(id: string, text: string): void {
  if (isLeft) return;
  const place = element(id);
  if (place.textContent !== text) place.textContent = text;
}

/** Show `id` with `text`, or hide it for "". */
export function note(id: string, text: string): void {
  put(id, text);
  show(id, text !== "");
}

export function show(id: string, isShown: boolean): void {
  if (!isLeft) element(id).hidden = !isShown;
}

export function listItems(id: string, texts: readonly string[]): void {
  if (isLeft) return;
  const place = element(id);
  if ([...place.children].map((item) => item.textContent).join("\n") === texts.join("\n")) return;
  place.replaceChildren(...texts.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

/** Leave at once, and leave no step back to this page. `before` drops what must be dropped; it may not wait. */
export function wayOut(before: () => void = () => undefined): void {
  element("exit").addEventListener("click", (event) => {
    event.preventDefault();
    try {
      before();
    } finally {
      isLeft = true;
      document.body.replaceChildren();
      location.replace("/leave");
    }
  });
}

/** Give the page the name and picture that the person chose for the home screen. */
export function dress(): void {
  for (const link of document.querySelectorAll<HTMLLinkElement>("link[data-plain]")) {
    link.dataset["own"] ??= link.getAttribute("href") ?? "";
    link.setAttribute("href", (name() === "plain" ? link.dataset["plain"] : link.dataset["own"]) ?? "");
  }
}

/** Keep the pages of this language on the phone, under the chosen name, so that the second visit needs no network. */
export async function keepOffline(): Promise<void> {
  dress();
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(ownAddress(OWN_WORKER));
    const ready = await navigator.serviceWorker.ready;
    ready.active?.postMessage({ keep: document.documentElement.lang });
  } catch {
    // Private windows and full storage refuse a worker. The page works without one; it then needs the network each time.
  }
}

function ownAddress(address: string): string {
  const maker = (globalThis as { trustedTypes?: PolicyMaker }).trustedTypes;
  if (!maker) return address;
  const policy = maker.createPolicy("app", {
    createScriptURL(wanted) {
      if (wanted !== OWN_WORKER) throw new TypeError("not a worker of this node");
      return wanted;
    },
  });
  return policy.createScriptURL(address);
}

function embedded<T>(id: string): T {
  return JSON.parse(element(id).textContent) as T;
}
