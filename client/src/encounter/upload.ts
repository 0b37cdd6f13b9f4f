/**
 * Sends a recording's chunks: strictly in order, each until its receipt verifies, through lost networks, busy nodes and full disks.
 *
 * `safeSeq` moves only by a receipt that the node's receipt key signed over exactly this recording, seq and link; so nothing built on it can
 * promise more than the node has put its name to.
 */
import { fromBase64url, type Bytes } from "../crypto/bytes.ts";
import { parseVkey, type VerifierKey } from "../crypto/note.ts";
import { readReceipt } from "../crypto/receipt.ts";
import { parseChunk } from "../crypto/stream.ts";
import { askNode, Patience, type Answer } from "../phone/ask_node.ts";
import type { Device } from "../phone/device.ts";
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
/** A request under way this long says something about the line. */
const TELLING_MS = 1_000;

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
  #achieved: number | undefined;
  #underWay: { bytes: number; since: number } | undefined;

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
    const took = this.#underWay ? this.#device.now() - this.#underWay.since : 0;
    if (took < TELLING_MS) return this.#achieved;
    return Math.min(this.#achieved ?? Infinity, rateOf(this.#underWay!.bytes, took));
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
      // What throws here is this phone's storage: it may answer later.
      const step = this.#key ? this.#send(this.safeSeq + 1) : this.#create();
      const isDone = await step.catch(() => false);
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
    try {
      const { receipt_key: vkey, limits, node_time_ms: nodeMs } = JSON.parse(answer.text);
      this.#key = await parseVkey(vkey);
      this.#told.created?.({ limits: limits ?? {}, nodeMs, at: this.#device.wall(), roundTripMs: Math.round(answer.took) });
      return this.#got();
    } catch {
      return this.#notNow({ kind: "later", afterMs: undefined, isLost: false });
    }
  }

  async #send(seq: number): Promise<boolean> {
    const raw = await this.#shelf.chunk(seq);
    if (!raw) return this.#refuse("chunk_missing");
    const chunk = await parseChunk(raw);
    const { id, upload } = this.#consignment;
    const path = `/encounters/${id}/chunks/${seq}`;
    this.#underWay = { bytes: raw.length, since: this.#device.now() };
    const answer = await this.#ask({ method: "PUT", path, capability: upload, body: raw, type: "application/octet-stream" });
    this.#underWay = undefined;
    if (answer.kind !== "good") return this.#notNow(answer);
    const receipt = await readReceipt(answer.text, this.#key!, { recordingId: fromBase64url(id), seq, link: chunk.link });
    if (!receipt) {
      // Not the node's word: perhaps its key changed, perhaps somebody stands between. Learn the key anew and try again.
      this.#key = undefined;
      return this.#notNow({ kind: "later", afterMs: undefined, isLost: false });
    }
    this.bytesSent += raw.length;
    this.#measure(raw.length, answer.took);
    this.safeSeq = seq;
    this.#shelf.safe(seq);
    return this.#got();
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

  /** Small chunks measure the round trip rather than the line, so they weigh less. */
  #measure(bytes: number, took: number): void {
    const rate = rateOf(bytes, took);
    const weight = Math.min(0.5, bytes / 200_000 + 0.1);
    this.#achieved = this.#achieved === undefined ? rate : this.#achieved * (1 - weight) + rate * weight;
  }
}

function rateOf(bytes: number, tookMs: number): number {
  return (bytes * 8 * 1000) / Math.max(tookMs, 1);
}
