/**
 * The finder of faces where it is on this phone: 10 MB that nobody should load while something happens, so it is offered only once it was kept in a
 * calm moment. Without it a photo is uncovered by finger, and everything that was not touched stays covered.
 */
import type { Box } from "../faces/boxes.ts";

const NAME = "faces";

export class FacesHere {
  readonly #files: readonly string[];

  /** `files`: everything that finding faces loads, its module first. */
  constructor(files: readonly string[]) {
    this.#files = files;
  }

  /** Whether all of it, of this release, is on this phone. */
  async isKept(): Promise<boolean> {
    if (!("caches" in globalThis) || !(await caches.has(NAME))) return false;
    const cache = await caches.open(NAME);
    const found = await Promise.all(this.#files.map((file) => cache.match(file)));
    return found.every(Boolean);
  }

  /** Keep it, in place of an older release's. Rejects without network. */
  async keep(): Promise<void> {
    await caches.delete(NAME);
    await (await caches.open(NAME)).addAll([...this.#files]);
  }

  /** Faces of a picture. Rejects where it cannot be run. */
  async find(picture: HTMLCanvasElement): Promise<readonly Box[]> {
    const module = (await import(new URL(this.#files[0]!, location.href).href)) as typeof import("./faces.page.ts");
    return module.facesIn(picture);
  }
}
