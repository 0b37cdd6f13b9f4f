/** From a file and an identity to an opened recording with its player. Loaded when somebody opens one. */
import type { Bytes } from "../crypto/bytes.ts";
import { StreamError } from "../crypto/stream.ts";
import type { Sentences } from "../ui/sentences.ts";
import { checksOf, readNotes, sentencesOf, type Note } from "./custody.ts";
import { identityIn } from "./keys.ts";
import { Opened } from "./opened.ts";
import { PlayerView } from "./player_view.ts";
import { readSealed, type Sealed } from "./sealed.ts";
import { WholeFile } from "./source.ts";

export type Fault = "sealed" | "identity" | "stranger";

export class OpeningError extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault);
    this.fault = fault;
  }
}

/** `share` 0 to 1 of the file; `checks` and `history` as sentences, empty until they are known. */
export type Draw = (share: number, checks: readonly string[], history: readonly string[]) => void;

/** Seconds after which a reader of a long file sees that it goes on. */
const DRAW_EVERY_MS = 250;

export class Opening {
  readonly opened: Opened;
  readonly sealed: Sealed;
  notes: readonly Note[] | undefined;
  readonly #words: Sentences;
  readonly #draw: Draw;
  readonly #leaving = new AbortController();
  #view: PlayerView | undefined;
  #packaging: { drop(): void } | undefined;
  #checks: readonly string[] = [];
  #history: readonly string[] = [];

  constructor(opened: Opened, sealed: Sealed, words: Sentences, draw: Draw) {
    this.opened = opened;
    this.sealed = sealed;
    this.#words = words;
    this.#draw = draw;
  }

  /** Read the whole file once, and put the player into `player` as soon as there is something to play. */
  async mount(player: HTMLElement, packaging: HTMLElement): Promise<void> {
    if (!(await this.#read())) return;
    this.#view = new PlayerView(player, this.opened, this.#words);
    await this.#check();
    await this.#offerPackage(packaging);
  }

  /** The same for a package alone, where a player stands already. `custodianSeed` signs it. */
  async mountPackage(packaging: HTMLElement, custodianSeed: Bytes): Promise<void> {
    if (!(await this.#read())) return;
    await this.#check();
    await this.#offerPackage(packaging, custodianSeed);
  }

  async #read(): Promise<boolean> {
    const { opened, sealed } = this;
    let drawnAt = 0;
    const heard = (): void => {
      if (Date.now() - drawnAt < DRAW_EVERY_MS) return;
      drawnAt = Date.now();
      this.#draw(Math.min(0.99, opened.seconds.done / sealed.chunks.size), [], []);
    };
    await opened.readOn(heard, this.#leaving.signal);
    return !this.#leaving.signal.aborted;
  }

  async #check(): Promise<void> {
    const { opened, sealed } = this;
    this.notes = await readNotes(sealed.notes, opened.keys.custodySeed, opened.header.recordingId).catch(() => undefined);
    this.#checks = checksOf(opened, this.notes, this.#words);
    this.#history = sentencesOf(this.notes ?? [], this.#words);
    this.#draw(1, this.#checks, this.#history);
  }

  async #offerPackage(place: HTMLElement, custodianSeed?: Bytes): Promise<void> {
    const { opened, sealed, notes } = this;
    if (!notes || opened.seconds.fault !== undefined) return;
    const { PackageView } = await import("./package_view.ts");
    this.#packaging = new PackageView(place, { opened, sealed, notes, ...(custodianSeed && { custodianSeed }) }, this.#words);
  }

  /** The exhibit sheet, to be printed. `told` hears the share that is done. */
  async sheet(told: (share: number) => void): Promise<HTMLElement> {
    const { exhibit } = await import("./exhibit.ts");
    return exhibit(this.opened, this.#checks, this.#history, this.#words, told);
  }

  /** Forget keys and content. */
  drop(): void {
    this.#leaving.abort();
    this.#view?.drop();
    this.#packaging?.drop();
    this.opened.forget();
  }
}

/** Rejects with `OpeningError`: no sealed export, no identity in the text, or one that it is not sealed to. */
export async function begin(file: Blob, identityText: string, words: Sentences, draw: Draw): Promise<Opening> {
  const identity = identityIn(identityText);
  if (!identity) throw new OpeningError("identity");
  const sealed = await readSealed(file).catch(() => {
    throw new OpeningError("sealed");
  });
  try {
    const opened = await Opened.begin(sealed.header, sealed.wraps, identity, new WholeFile(sealed.chunks));
    return new Opening(opened, sealed, words, draw);
  } catch (error) {
    throw new OpeningError(error instanceof StreamError && error.code === "header_malformed" ? "sealed" : "stranger");
  }
}
