/**
 * Sends a recording's chunks: strictly in order, each until its receipt verifies, through lost networks, busy nodes and full disks.
 *
 * There is one request at a time. What has gathered meanwhile goes together in the next, so that a line with a long way does not fall behind;
 * whatever goes wrong with several, the first of them goes alone next, and what the node says to that one counts.
 *
 * `safeSeq` moves only by a receipt that the node's receipt key signed over exactly this recording, seq and link; so nothing built on it can
 * promise more than the node has put its name to.
 */
import { bigEndian, fromBase64url, join, type Bytes } from "../crypto/bytes.ts";
import { parseVkey, type VerifierKey } from "../crypto/note.ts";
import { readReceipt, receiptsIn } from "../crypto/receipt.ts";
import { parseChunk, type Chunk } from "../crypto/stream.ts";
import { askNode, Patience, type Answer } from "../phone/ask_node.ts";
import type { Device } from "../phone/device.ts";
import { Line } from "./line.ts";
import type { Network } from "./state.ts";

export interface Consignment {
  readonly id: string;
  readonly upload: string;
  readonly create: string;
}

/** Where sealed chunks come from and who is told that the node has them. */
export interface Shelf {
  chunk(seq: number): Promise<Bytes | undefined>;
  /** Every chunk up to and including `seq` is receipted. */
  safe(seq: number): void;
}

/** What the node told when it made the recording. */
export interface Created {
  readonly limits: { readonly max_bytes?: number; readonly max_seconds?: number };
  readonly nodeMs: number;
  /** Unix ms by the phone's clock when the answer came. */
  readonly at: number;
  readonly roundTripMs: number;
}

export interface Told {
  created?(created: Created): void;
  network?(network: "lost" | "back"): void;
  changed?(): void;
}

/** A request that takes longer means the line is slow. */
const SLOW_MS = 2_500;
/** Seconds that one request may carry (docs/spec/http.md). */
const MOST_TOGETHER = 16;

export class Uploader {
  network: Network = "ok";
  bytesSent = 0;
  safeSeq: number;
  /** Stable code of the refusal after which nothing more of this recording can be sent. */
  refusedBecause: string | undefined;
  #consignment: Consignment;
  #shelf: Shelf;
  #device: Device;
  #told: Told;
  #patience = new Patience();
  #offered: number;
  #key: VerifierKey | undefined;
  #isStopped = false;
  #stop = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | undefined;
  #line = new Line();
  /** Something went wrong with the last: the first of what is left goes without company. */
  #isAlone = false;

  /** `first`: the first seq to send; everything before it is receipted. */
  constructor(consignment: Consignment, shelf: Shelf, device: Device, told: Told = {}, first = 0) {
    this.#consignment = consignment;
    this.#shelf = shelf;
    this.#device = device;
    this.#told = told;
    this.#offered = first;
    this.safeSeq = first - 1;
  }

  /** Bits a second that requests lately achieved, and no more than what the one under way can still achieve; undefined before the first. */
  get achieved(): number | undefined {
    return this.#line.achieved(this.#device.now());
  }

  /** How long a second waits on a good line because of the way: for the request before it, and for its own. */
  get onTheWayMs(): number {
    return 2 * this.#line.wayMs;
  }

  /** There are `count` chunks now (seq 0 to count - 1). */
  offer(count: number): void {
    this.#offered = Math.max(this.#offered, count);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#hasWork()) this.offer(this.#offered);
    });
  }

  /** Try at once instead of waiting for the next try: the network is said to be back. */
  hurry(): void {
    this.#patience.reset();
    this.#wake.abort();
  }

  /** Send nothing more. A request under way is cut. */
  stop(): void {
    this.#isStopped = true;
    this.#stop.abort();
    this.#wake.abort();
  }

  /** Resolves when everything offered is receipted, or nothing more will be sent. */
  async drained(): Promise<void> {
    while (this.#running) await this.#running;
  }

  #hasWork(): boolean {
    return !this.#isStopped && !this.refusedBecause && this.safeSeq + 1 < this.#offered;
  }

  async #run(): Promise<void> {
    while (this.#hasWork()) {
      const step = this.#key ? this.#send() : this.#create();
      const isDone = await step.catch(() => this.#notStored());
      this.#told.changed?.();
      if (!isDone && this.#hasWork()) await this.#pause();
    }
  }

  #afterMs: number | undefined;

  async #pause(): Promise<void> {
    this.#wake = new AbortController();
    await this.#device.wait(this.#patience.next(this.#afterMs), this.#wake.signal);
    this.#afterMs = undefined;
  }

  async #create(): Promise<boolean> {
    const { create } = this.#consignment;
    const answer = await this.#ask({ method: "POST", path: "/encounters", body: create, type: "application/json" });
    if (answer.kind !== "good") return this.#notNow(answer);
    this.#line.went(create.length, answer.took);
    try {
      const { receipt_key: vkey, limits, node_time_ms: nodeMs } = JSON.parse(answer.text);
      this.#key = await parseVkey(vkey);
      this.#told.created?.({ limits: limits ?? {}, nodeMs, at: this.#device.wall(), roundTripMs: Math.round(answer.took) });
      return this.#got();
    } catch {
      return this.#notNow({ kind: "later", afterMs: undefined, isLost: false });
    }
  }

  async #send(): Promise<boolean> {
    const parcel = await this.#parcel();
    if (parcel.length === 0) return this.#refuse("chunk_missing");
    const isAlone = parcel.length === 1;
    const body = isAlone ? parcel[0]!.raw : join(...parcel.flatMap(({ raw }) => [bigEndian(raw.length, 4), raw]));
    const path = `/encounters/${this.#consignment.id}/chunks`;
    const where = isAlone ? ({ method: "PUT", path: `${path}/${parcel[0]!.seq}` } as const) : ({ method: "POST", path } as const);
    this.#line.leaves(body.length, this.#device.now());
    // Several leave on a line that carries them: where it broke, the first alone is to be tried no later than if it had gone alone.
    const due = parcel[0]!.raw.length;
    const answer = await this.#ask({ ...where, capability: this.#consignment.upload, body, type: "application/octet-stream", due });
    this.#line.ended(answer.kind === "good" ? answer.took : undefined);
    if (answer.kind === "good") return this.#receipted(parcel, isAlone ? [answer.text] : receiptsIn(answer.text));
    this.#isAlone = true;
    return answer.kind === "refused" && !isAlone ? true : this.#notNow(answer);
  }

  /** What goes next, in order: no more than the line is known to carry, but always the first. */
  async #parcel(): Promise<Chunk[]> {
    const found: Chunk[] = [];
    let bytes = 0;
    for (let seq = this.safeSeq + 1; seq < this.#offered && found.length < (this.#isAlone ? 1 : MOST_TOGETHER); seq++) {
      const raw = await this.#shelf.chunk(seq);
      if (!raw || (found.length > 0 && bytes + raw.length > this.#line.load)) break;
      bytes += raw.length;
      found.push(await parseChunk(raw));
    }
    return found;
  }

  /** What throws is this phone's storage: it may answer later, and for the first alone sooner. */
  #notStored(): false {
    this.#isAlone = true;
    return false;
  }

  /** Count what is receipted, up to the first that is not. */
  async #receipted(parcel: readonly Chunk[], texts: readonly string[]): Promise<boolean> {
    const recordingId = fromBase64url(this.#consignment.id);
    let count = 0;
    for (const { raw, seq, link } of parcel) {
      if (!(await readReceipt(texts[count] ?? "", this.#key!, { recordingId, seq, link }))) break;
      count += 1;
      this.bytesSent += raw.length;
      this.safeSeq = seq;
      this.#shelf.safe(seq);
    }
    this.#isAlone = count < parcel.length;
    if (count > 0) return this.#got();
    // Not the node's word: perhaps its key changed, perhaps somebody stands between. Learn the key anew and try again.
    this.#key = undefined;
    return this.#notNow({ kind: "later", afterMs: undefined, isLost: false });
  }

  async #ask(asked: Parameters<typeof askNode>[1]): Promise<Answer> {
    const slow = new AbortController();
    void this.#device.wait(SLOW_MS, slow.signal).then(() => {
      if (!slow.signal.aborted && this.network === "ok") this.#turn("slow");
    });
    const answer = await askNode(this.#device, asked, this.#stop.signal);
    slow.abort();
    return answer;
  }

  #got(): true {
    this.#patience.reset();
    this.#turn("ok");
    return true;
  }

  #notNow(answer: Exclude<Answer, { kind: "good" }>): boolean {
    if (this.#isStopped) return false;
    if (answer.kind === "later") {
      this.#afterMs = answer.afterMs;
      this.#turn(answer.isLost ? "lost" : "slow");
      return false;
    }
    const isBehind = answer.code === "chunk_out_of_order" && answer.next !== undefined && answer.next <= this.safeSeq;
    return this.#refuse(isBehind ? "node_lost_chunks" : answer.code);
  }

  #refuse(code: string): false {
    this.refusedBecause = code;
    this.#told.changed?.();
    return false;
  }

  #turn(network: Network): void {
    const before = this.network;
    this.network = network;
    if (before === network) return;
    if (network === "lost") this.#told.network?.("lost");
    if (before === "lost") this.#told.network?.("back");
    this.#told.changed?.();
  }
}
