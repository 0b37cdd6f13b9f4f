/**
 * One recording on its way: bodies in, sealed in order, kept as ciphertext, sent, receipted.
 *
 * Bodies may be added before the keys exist (a tap must not wait for them); they are sealed as soon as there are keys. What is kept, in memory
 * and in the phone's storage, is ciphertext. `safeAt` is what the node has proven to hold.
 */
import { wipe, type Bytes } from "../crypto/bytes.ts";
import { SLICE_LIMIT, type InnerType, type Sealed } from "../crypto/stream.ts";
import type { Device } from "../phone/device.ts";
import { hold } from "../phone/lock.ts";
import { StorageFull, type Unsent, type UnsentRecording } from "../phone/unsent.ts";
import type { Begun } from "./begin.ts";
import { Uploader, type Created, type Shelf } from "./upload.ts";

/** Ciphertext kept in memory too, so that sending need not read it back; beyond it only what could not be stored stays. */
const MEMORY_BYTES = 8 * 1024 * 1024;

/** So long may the phone's storage take for a second before the person is told that it is kept nowhere. */
const STORING_MS = 3000;

export interface Told {
  changed(): void;
  created(created: Created): void;
  network(network: "lost" | "back"): void;
  storageFull(): void;
}

export interface Addition {
  type: InnerType;
  /** Milliseconds since the recording began. */
  at: number;
  /** A function is asked when its turn has come: the start event names recipients that are not known before. */
  body: Bytes | ((begun: Begun) => Bytes);
  /** When this is receipted, everything before this point (ms recorded, or bytes of a file) is on the node. */
  covers?: number;
  isFinal?: boolean;
}

export class Session implements Shelf {
  readonly begun: Promise<Begun>;
  /** Largest `covers` that is receipted with everything before it. */
  safeAt = 0;
  bytesSealed = 0;
  uploader: Uploader | undefined;
  #unsent: Promise<Unsent | undefined>;
  #told: Told;
  #memory = new Map<number, Bytes>();
  #memoryBytes = 0;
  /** Since when each waits for its place in the storage. */
  #unstored = new Map<number, number>();
  #isFull = false;
  #covers = new Map<number, number>();
  #row: UnsentRecording | undefined;
  #turn: Promise<unknown>;
  #storing: Promise<unknown> = Promise.resolve();
  #isDropped = false;
  #release: () => void = () => undefined;
  #device: Device;

  constructor(begun: Promise<Begun>, unsent: Promise<Unsent | undefined>, device: Device, told: Told) {
    this.begun = begun;
    this.#unsent = unsent;
    this.#device = device;
    this.#told = told;
    this.#turn = begun.then((made) => this.#open(made, device));
    this.#turn.catch(() => undefined);
  }

  /** Whether everything that is not receipted is also in the phone's storage, or has only just been handed to it. */
  get isStored(): boolean {
    const [oldest] = this.#unstored.values();
    return oldest === undefined || !(this.#isFull || this.#device.now() - oldest >= STORING_MS);
  }

  /** Add what was recorded. A body longer than a slice is split; it is overwritten once sealed. */
  add(addition: Addition): void {
    this.#turn = this.#turn.then(() => this.#seal(addition));
    this.#turn.catch(() => undefined);
  }

  /** What is added from now on waits for `ready` too. */
  after(ready: Promise<unknown>): void {
    this.#turn = this.#turn.then(() => ready);
    this.#turn.catch(() => undefined);
  }

  /** Resolves when everything added so far is sealed. Rejects when there are no keys to seal with. */
  async sealed(): Promise<void> {
    await this.#turn;
  }

  /** Resolves when everything sealed is receipted, or nothing more can be sent. */
  async drained(): Promise<void> {
    await this.uploader?.drained();
    await this.#storing;
  }

  /** Drop the phone's half of the return identity: no words can be had any more. */
  dropHalf(): void {
    void this.begun.then(({ half }) => wipe(half)).catch(() => undefined);
  }

  /** Drop every key of this recording at once. What is sealed is still sent. */
  dropKeys(): void {
    this.dropHalf();
    void this.begun.then(({ writer }) => writer.drop()).catch(() => undefined);
  }

  /** Drop keys and everything that was not sent. */
  async drop(): Promise<void> {
    this.#isDropped = true;
    this.dropKeys();
    this.uploader?.stop();
    this.#memory.clear();
    await this.#forget();
  }

  async chunk(seq: number): Promise<Bytes | undefined> {
    const here = this.#memory.get(seq);
    return here ?? (await this.#unsent)?.chunk(this.#row!.id, seq);
  }

  safe(seq: number): void {
    this.safeAt = Math.max(this.safeAt, this.#covers.get(seq) ?? 0);
    this.#covers.delete(seq);
    this.#unstored.delete(seq);
    this.#forgetMemory(seq);
    const isEnd = this.#row!.isClosed && seq === this.#row!.sealed - 1;
    if (isEnd) void this.#forget();
    else this.#store((unsent) => unsent.dropChunks(this.#row!.id, seq));
  }

  #open(begun: Begun, device: Device): void {
    const { changed, created, network } = this.#told;
    this.uploader = new Uploader(begun.consignment, this, device, { changed, created, network });
    this.#row = { ...begun.consignment, sealed: 0, isClosed: false, touched: device.wall() };
    this.#release = hold(begun.consignment.id);
  }

  async #seal({ type, at, body, covers, isFinal = false }: Addition): Promise<void> {
    const begun = await this.begun;
    if (this.#isDropped || begun.writer.isClosed) return;
    const whole = typeof body === "function" ? body(begun) : body;
    for (let start = 0; start === 0 || start < whole.length; start += SLICE_LIMIT) {
      const end = Math.min(start + SLICE_LIMIT, whole.length);
      const isLast = end === whole.length;
      const sealed = await begun.writer.seal(type, at, whole.subarray(start, end), isFinal && isLast);
      if (this.#isDropped) return;
      if (covers !== undefined && isLast) this.#covers.set(sealed.seq, covers);
      this.#keep(sealed, isFinal && isLast);
    }
    wipe(whole);
  }

  #keep({ seq, bytes }: Sealed, isClosed: boolean): void {
    this.bytesSealed += bytes.length;
    this.#memory.set(seq, bytes);
    this.#memoryBytes += bytes.length;
    this.#unstored.set(seq, this.#device.now());
    const row = { ...this.#row!, sealed: seq + 1, isClosed, touched: this.#device.wall() };
    this.#row = row;
    this.#store(async (unsent) => {
      if (this.#isDropped || !this.#unstored.has(seq)) return;
      await unsent.keepChunk(row, seq, bytes);
      this.#unstored.delete(seq);
      this.#isFull = false;
      this.#spareMemory();
    });
    this.uploader!.offer(seq + 1);
    this.#told.changed();
  }

  /** Storage work, in order and never in the way of sealing or sending. */
  #store(act: (unsent: Unsent) => Promise<void>): void {
    this.#storing = this.#storing.then(async () => {
      const unsent = await this.#unsent;
      if (unsent) await act(unsent);
      else this.#full();
    });
    this.#storing = this.#storing.catch((error) => {
      if (error instanceof StorageFull) this.#full();
    });
  }

  #full(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.#told.storageFull();
  }

  /** Let go of stored ciphertext beyond what memory is for, the newest first: the oldest is sent next. */
  #spareMemory(): void {
    for (const seq of [...this.#memory.keys()].reverse()) {
      if (this.#memoryBytes <= MEMORY_BYTES) return;
      if (!this.#unstored.has(seq)) this.#forgetMemory(seq);
    }
  }

  #forgetMemory(seq: number): void {
    this.#memoryBytes -= this.#memory.get(seq)?.length ?? 0;
    this.#memory.delete(seq);
  }

  async #forget(): Promise<void> {
    const id = this.#row?.id;
    this.#store(async (unsent) => {
      if (id) await unsent.drop(id);
      this.#release();
    });
    await this.#storing;
  }
}
