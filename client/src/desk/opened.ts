/**
 * A sealed recording with its key, on this device: its seconds, its media files, what happened in it. `readOn` takes in what is there and may be
 * called again when more has come; nothing it says is about a second that was not checked.
 */
import { loads, type Value } from "../crypto/canonical.ts";
import { parseHeader, TYPE, type Header } from "../crypto/stream.ts";
import { unwrap, type Keys } from "./keys.ts";
import { Reel } from "./reel.ts";
import { Seconds, type Second } from "./seconds.ts";
import type { ByteSource } from "./source.ts";

export type Said = Readonly<Record<string, Value>>;

/** An event, a declared gap or a mark of a call, where it stands. */
export interface Told {
  readonly seq: number;
  readonly type: number;
  readonly atMs: number;
  readonly said: Said;
}

export class Opened {
  readonly header: Header;
  readonly keys: Keys;
  readonly seconds: Seconds;
  readonly reels: Reel[] = [];
  readonly told: Told[] = [];
  /** What the phone said at the start. */
  start: Said = {};

  private constructor(header: Header, keys: Keys, source: ByteSource) {
    this.header = header;
    this.keys = keys;
    this.seconds = new Seconds(header, keys, source);
  }

  /** Rejects when the identity opens nothing here, or the header is none. */
  static async begin(header: Uint8Array, wraps: Uint8Array, identity: string, source: ByteSource): Promise<Opened> {
    const read = await parseHeader(header);
    return new Opened(read, await unwrap(identity, wraps, read), source);
  }

  get isStopped(): boolean {
    return this.seconds.isFinal;
  }

  /** Whether nothing more comes, as far as it is known: it ended, it was cut, or the rest cannot be read. */
  get isOver(): boolean {
    return this.isStopped || this.seconds.fault !== undefined || !this.seconds.mayGrow;
  }

  /** Its length so far, milliseconds. */
  get lengthMs(): number {
    return Math.max(this.seconds.places.at(-1)?.monotonicMs ?? 0, ...this.reels.map((reel) => reel.endMs), 0);
  }

  /** Take in what is there. `heard` is told of each second, in order. Stops early when `signal` says so. */
  async readOn(heard: (second: Second) => void = () => undefined, signal?: AbortSignal): Promise<void> {
    for await (const second of this.seconds.read()) {
      this.#take(second);
      heard(second);
      if (signal?.aborted) return;
    }
    if (this.isOver) this.reels.at(-1)?.close();
  }

  forget(): void {
    this.seconds.forget();
    for (const key of Object.values(this.keys) as Uint8Array[]) key.fill(0);
  }

  #take(second: Second): void {
    const { type, body, seq, monotonicMs } = second;
    if (type === TYPE.media || type === TYPE.import) {
      if (body.length > 0) this.#reel(monotonicMs).add(seq, body, monotonicMs);
      return;
    }
    const said = saidIn(body);
    if (seq === 0) this.start = said;
    this.told.push({ seq, type, atMs: monotonicMs, said });
    const event = type === TYPE.event ? said["event"] : undefined;
    if (event === "start" || event === "restarted_media") this.#newReel(String(said["mime"] ?? ""), monotonicMs);
    if (type === TYPE.gap) this.reels.at(-1)?.addPause(Number(said["from_ms"]), Number(said["until_ms"]));
  }

  #newReel(mime: string, atMs: number): void {
    const last = this.reels.at(-1);
    if (last?.size === 0) this.reels.pop();
    else last?.close();
    this.reels.push(new Reel(this.seconds, mime, atMs));
  }

  #reel(atMs: number): Reel {
    if (this.reels.length === 0) this.#newReel("video/webm", atMs);
    return this.reels.at(-1)!;
  }
}

function saidIn(body: Uint8Array): Said {
  try {
    const said = loads(body);
    return said !== null && typeof said === "object" && !Array.isArray(said) ? said : {};
  } catch {
    return {};
  }
}
