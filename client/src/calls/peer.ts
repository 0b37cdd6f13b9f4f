/**
 * The line between two ends: WebRTC, described only in what the ends seal for each other. The end with the higher number describes, the other
 * answers; so two never describe at once. A line that is lost is tried again for as long as the call lasts. What arrives is counted: a line
 * that loses too much says so, first for its picture, then for its sound.
 */
import type { Value } from "../crypto/canonical.ts";
import { Quality } from "./quality.ts";
import type { Said } from "./sealed.ts";

export type LineState = "trying" | "open" | "lost";

export interface Wires {
  readonly config: RTCConfiguration;
  /** This end's microphone; undefined where there is none. */
  readonly microphone: MediaStreamTrack | undefined;
  send(said: { readonly [key: string]: Value }): void;
  changed(): void;
  /** The line carries too little for a picture beside the sound. */
  poor(): void;
  /** A track of the other's that plays now. */
  track(track: MediaStreamTrack): void;
  /** Addresses of the relay are short-lived: fresh ones for another try. */
  refresh(): Promise<RTCConfiguration>;
}

/** What a browser tells of its network (W3C Network Information), where it tells. */
interface Network extends EventTarget {
  readonly type?: string;
}

const LOST_MS = 2_000;
const AGAIN_MS = 5_000;
/** A description that was not answered for so long is taken for lost: on a slow way an answer needs longer than a try. */
const UNANSWERED_MS = 15_000;
const LOOK_MS = 2_000;
/** A browser looks each 2 s which addresses there are. */
const SETTLED_MS = 2_000;

export class Peer {
  state: LineState = "trying";
  readonly #line: RTCPeerConnection;
  readonly #wires: Wires;
  readonly #describes: boolean;
  readonly #to: number;
  #early: RTCIceCandidateInit[] = [];
  #retry: ReturnType<typeof setTimeout> | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  #network = network()?.type;
  #isDeaf = false;
  #described = 0;
  #describedAt = 0;
  readonly #quality = new Quality();
  readonly #looking: ReturnType<typeof setInterval>;

  constructor(me: number, to: number, wires: Wires) {
    this.#describes = me > to;
    this.#to = to;
    this.#wires = wires;
    this.#line = new RTCPeerConnection(wires.config);
    this.#line.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate) this.#send({ ice: candidate.candidate, mid: candidate.sdpMid, line: candidate.sdpMLineIndex });
    });
    this.#line.addEventListener("connectionstatechange", () => this.#judge());
    this.#line.addEventListener("iceconnectionstatechange", () => this.#judge());
    this.#line.addEventListener("track", ({ track }) => wires.track(track));
    globalThis.addEventListener?.("online", this.#moved);
    network()?.addEventListener("change", this.#changed);
    if (this.#describes) {
      this.#line.addTransceiver(wires.microphone ?? "audio", { direction: "sendrecv" });
      this.#line.addTransceiver("video", { direction: "sendrecv" });
      this.#inTurn(() => this.#describe(false));
    }
    this.#later(AGAIN_MS * 2);
    this.#looking = setInterval(() => void this.#look(), LOOK_MS);
  }

  /** What the other end said about the line. */
  heard(said: Said): void {
    this.#inTurn(() => this.#take(said));
  }

  /** Show `camera` to the other end, or nothing. */
  async show(camera: MediaStreamTrack | null): Promise<void> {
    const sender = this.#line.getTransceivers().find(({ receiver }) => receiver.track.kind === "video")?.sender;
    await sender?.replaceTrack(camera).catch(() => undefined);
  }

  /** Whether the line goes over the relay; undefined while it is not open. */
  async isRelayed(): Promise<boolean | undefined> {
    const report = await this.#line.getStats();
    const all = [...report.values()] as { type: string; id: string; nominated?: boolean; state?: string; localCandidateId?: string; candidateType?: string }[];
    const pair = all.find(({ type, nominated, state }) => type === "candidate-pair" && nominated && state === "succeeded");
    const local = all.find(({ id }) => id === pair?.localCandidateId);
    return local && local.candidateType === "relay";
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#settling);
    clearInterval(this.#looking);
    globalThis.removeEventListener?.("online", this.#moved);
    network()?.removeEventListener("change", this.#changed);
    this.#line.close();
  }

  async #take(said: Said): Promise<void> {
    if (said["again"] === true && this.#describes) return this.#describeAgain();
    if (typeof said["ice"] === "string") return this.#takeCandidate(said);
    if (typeof said["sdp"] !== "string") return;
    const type = said["type"] === "offer" ? "offer" : "answer";
    if (type === "offer" ? this.#line.signalingState !== "stable" : said["to_try"] !== this.#described) return;
    await this.#line.setRemoteDescription({ type, sdp: said["sdp"] });
    for (const candidate of this.#early.splice(0)) await this.#line.addIceCandidate(candidate).catch(() => undefined);
    if (type === "offer") await this.#answer(said["try"] ?? 0);
    else this.#describedAt = 0;
  }

  async #takeCandidate(said: Said): Promise<void> {
    const candidate = { candidate: String(said["ice"]), sdpMid: said["mid"] as string | null, sdpMLineIndex: said["line"] as number | null };
    if (!this.#line.remoteDescription) this.#early.push(candidate);
    else await this.#line.addIceCandidate(candidate).catch(() => undefined);
  }

  async #answer(number: Value): Promise<void> {
    for (const transceiver of this.#line.getTransceivers()) {
      transceiver.direction = "sendrecv";
      const isAudio = transceiver.receiver.track.kind === "audio";
      if (isAudio && this.#wires.microphone && !transceiver.sender.track) await transceiver.sender.replaceTrack(this.#wires.microphone);
    }
    await this.#line.setLocalDescription(await this.#line.createAnswer());
    this.#send({ type: "answer", to_try: number, sdp: this.#line.localDescription!.sdp });
  }

  async #describe(isAgain: boolean): Promise<void> {
    if (isAgain) this.#line.setConfiguration(await this.#wires.refresh());
    await this.#line.setLocalDescription(await this.#line.createOffer({ iceRestart: isAgain }));
    [this.#described, this.#describedAt] = [this.#described + 1, performance.now()];
    this.#send({ type: "offer", try: this.#described, sdp: this.#line.localDescription!.sdp });
  }

  /** An answer that is on its way is waited for: who describes anew each time never takes one. */
  async #describeAgain(): Promise<void> {
    if (this.#describedAt && performance.now() - this.#describedAt < UNANSWERED_MS) return;
    await this.#describe(true);
  }

  /** Count what arrives. A line that is open and brings no sound is as good as lost. */
  async #look(): Promise<void> {
    if (this.#line.connectionState !== "connected") return;
    const { isPoor, isDeaf } = this.#quality.judge(await this.#line.getStats());
    if (this.#isClosed) return;
    if (isPoor) this.#wires.poor();
    if (isDeaf === this.#isDeaf) return;
    this.#isDeaf = isDeaf;
    if (isDeaf) this.#later(AGAIN_MS);
    this.#judge();
  }

  #judge(): void {
    if (this.#isClosed) return;
    const { connectionState: line, iceConnectionState: ice } = this.#line;
    if (line === "connected" && ice !== "disconnected") return this.#become(this.#isDeaf ? "lost" : "open");
    if (line === "failed" || ice === "failed") this.#later(0);
    else if (this.state === "open" && (line === "disconnected" || ice === "disconnected")) this.#later(LOST_MS);
    if (line === "failed" || line === "disconnected" || ice === "disconnected") this.#become("lost");
  }

  #become(state: LineState): void {
    if (state === "open") clearTimeout(this.#retry);
    if (state === this.state) return;
    this.state = state;
    this.#wires.changed();
  }

  /** Try again in a while, and then each few seconds until it is open. */
  #later(ms: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#again(), ms);
  }

  readonly #again = (): void => {
    if (this.state !== "open") this.#restart();
  };

  /** Another kind of network; a new estimate of the same one is none. */
  readonly #changed = (): void => {
    const before = this.#network;
    this.#network = network()?.type;
    if (this.#network !== before) this.#moved();
  };

  /**
   * The network is another, or is there again: whatever the line was, it leads nowhere now, and saying so takes it seconds. Once more when the
   * browser has found all of the new network's addresses.
   */
  readonly #moved = (): void => {
    this.#restart();
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#restart(), SETTLED_MS);
  };

  #restart(): void {
    if (this.#isClosed) return;
    if (this.#describes) this.#inTurn(() => this.#describeAgain());
    else this.#send({ again: true });
    this.#later(AGAIN_MS);
  }

  #send(said: { readonly [key: string]: Value }): void {
    this.#wires.send({ t: "line", to: this.#to, ...said });
  }

  #inTurn(act: () => Promise<unknown>): void {
    this.#turn = this.#turn.then(() => (this.#isClosed ? undefined : act())).catch(() => undefined);
  }
}

function network(): Network | undefined {
  return (globalThis.navigator as { connection?: Network } | undefined)?.connection;
}
