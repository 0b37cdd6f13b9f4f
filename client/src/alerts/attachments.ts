/** The photo and the voice of a report, as the person sees and hears them before they are sent. Both stay in memory until they are sealed. */
import type { Bytes } from "../crypto/bytes.ts";
import { element, note, put, show } from "../ui/page.ts";
import type { Sentences } from "../ui/sentences.ts";
import { FacesHere } from "./faces_here.ts";
import { Photo } from "./photo.ts";
import type { Attached } from "./seal.ts";
import { Voice } from "./voice.ts";

export const PHOTO_MOST = 380 * 1024;

export interface Attachments {
  taken(): Attached;
  drop(): void;
}

/** Make the page's parts for photo and voice work. */
export function prepareAttachments(words: Sentences): Attachments {
  const photo = preparePhoto(words);
  const voice = prepareVoice(words);
  return {
    taken: () => ({ ...(photo.bytes() && { photo: photo.bytes()! }), ...(voice.bytes() && { voice: voice.bytes()! }) }),
    drop: () => (photo.drop(), voice.drop()),
  };
}

interface Part {
  bytes(): Bytes | undefined;
  drop(): void;
}

function preparePhoto(words: Sentences): Part {
  const canvas = element<HTMLCanvasElement>("cover");
  const chooser = element<HTMLInputElement>("photo");
  // A browser writes on a file field in its own language, which may not be the page's.
  element("photo-pick").addEventListener("click", () => chooser.click());
  let photo: Photo | undefined;
  let bytes: Bytes | undefined;
  let editing = new AbortController();
  const faces = new FacesHere(JSON.parse(element("faces-files").textContent) as readonly string[]);

  async function open(): Promise<void> {
    const file = chooser.files?.[0];
    drop();
    if (!file) return;
    try {
      photo = await Photo.open(file, canvas);
      editing = new AbortController();
      photo.listen(editing.signal);
      for (const part of ["photo-edit", "photo-drop"]) show(part, true);
      show("photo-use", true);
      await offerFaces();
    } catch {
      note("problem", words.say("report.photo_wrong"));
    }
    // The same file again is a choice again.
    chooser.value = "";
  }

  /** Where the finder is on this phone it is offered; else, with a network, keeping it is. */
  async function offerFaces(): Promise<void> {
    const isKept = await faces.isKept();
    show("faces-find", isKept);
    show("faces-keep", !isKept && "caches" in globalThis && navigator.onLine);
    note("faces-said", "");
  }

  async function findFaces(): Promise<void> {
    const found = await faces.find(photo!.bare());
    photo!.cover.coverOnly(found);
    photo!.draw();
    note("faces-said", words.say("report.faces_found", { n: found.length }));
  }

  async function keepFaces(): Promise<void> {
    await faces.keep();
    await offerFaces();
    note("faces-said", words.say("report.faces_kept"));
  }

  async function use(): Promise<void> {
    editing.abort();
    bytes = (await photo?.encode(PHOTO_MOST)) as Bytes | undefined;
    for (const part of ["photo-use", "photo-cover", "faces-find", "faces-keep"]) show(part, false);
    note("faces-said", "");
    show("photo-goes", bytes !== undefined);
  }

  function drop(): void {
    editing.abort();
    photo?.drop();
    photo = bytes = undefined;
    for (const part of ["photo-edit", "photo-goes", "photo-drop"]) show(part, false);
    show("photo-cover", true);
  }

  const attempt = (does: () => Promise<void>) => (): void => void does().catch(() => note("faces-said", words.say("report.faces_wrong")));
  element("faces-find").addEventListener("click", attempt(findFaces));
  element("faces-keep").addEventListener("click", attempt(keepFaces));
  chooser.addEventListener("change", () => void open());
  element("photo-use").addEventListener("click", () => void use().catch(() => note("problem", words.say("report.photo_wrong"))));
  element("photo-cover").addEventListener("click", () => (photo?.cover.coverAll(), photo?.draw()));
  element("photo-drop").addEventListener("click", drop);
  return { bytes: () => bytes, drop };
}

function prepareVoice(words: Sentences): Part {
  const heard = element<HTMLAudioElement>("voice-heard");
  let voice: Voice | undefined;
  let bytes: Bytes | undefined;
  let counting: ReturnType<typeof setInterval> | undefined;

  async function toggle(): Promise<void> {
    if (voice) return voice.stop();
    drop();
    try {
      voice = await Voice.begin(() => void ended());
    } catch {
      return note("problem", words.say("report.voice_wrong"));
    }
    const from = performance.now();
    const tick = (): void => put("voice", words.say("report.voice_stop", { n: Math.floor((performance.now() - from) / 1000) }));
    tick();
    counting = setInterval(tick, 1000);
  }

  async function ended(): Promise<void> {
    const made = voice?.recorded;
    clearInterval(counting);
    voice = undefined;
    put("voice", words.say("report.voice_start"));
    if (!made) return;
    bytes = new Uint8Array(await made.arrayBuffer());
    heard.src = URL.createObjectURL(made);
    for (const part of ["voice-heard", "voice-goes", "voice-drop"]) show(part, true);
  }

  function drop(): void {
    if (heard.src) URL.revokeObjectURL(heard.src);
    heard.removeAttribute("src");
    bytes = undefined;
    for (const part of ["voice-heard", "voice-goes", "voice-drop"]) show(part, false);
  }

  element("voice").addEventListener("click", () => void toggle());
  element("voice-drop").addEventListener("click", drop);
  return { bytes: () => bytes, drop };
}
