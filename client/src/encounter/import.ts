/**
 * "I already filmed it": a file enters in the same format, as type import, labelled as not captured here. It is read slice by slice, no faster
 * than it is sent, so a large film fits a small phone. Where it was filmed and by whom is not asked; its name is not sent.
 */
import { dumps } from "../crypto/canonical.ts";
import { SLICE_LIMIT, TYPE } from "../crypto/stream.ts";
import type { ClientConfig } from "../phone/config.ts";
import { chooseRecipients } from "../phone/desk_list.ts";
import { thisPhone, type Device } from "../phone/device.ts";
import { tellChoice } from "../phone/leaving.ts";
import { Unsent } from "../phone/unsent.ts";
import { begin, sealedFor } from "./begin.ts";
import { drawWords } from "./return_share.ts";
import { Session } from "./session.ts";
import { startEvent } from "./start_event.ts";
import { IDLE, type RecorderState } from "./state.ts";

/** Sealed and not yet receipted at most: what waits in memory and storage. */
const AHEAD_BYTES = 4 * 1024 * 1024;

export interface ImportState extends RecorderState {
  readonly bytesTotal: number;
  /** The node has proven to hold so much of the file. */
  readonly bytesSafe: number;
}

/** Begin to send `file`. The answer tells its progress by `change`, as a recorder does. */
export function importFile(file: File, config: ClientConfig, device: Device = thisPhone): Import {
  const made = new Import(file, config, device);
  void made.run();
  return made;
}

export class Import extends EventTarget {
  state: ImportState;
  #file: File;
  #config: ClientConfig;
  #device: Device;
  #session: Session;
  #leaving = new AbortController();
  #isLeft = false;
  #progress: () => void = () => undefined;

  constructor(file: File, config: ClientConfig, device: Device) {
    super();
    this.#file = file;
    this.#config = config;
    this.#device = device;
    this.state = Object.freeze({ ...IDLE, phase: "finishing", bytesTotal: file.size, bytesSafe: 0 });
    const begun = chooseRecipients("import", config, device).then((to) => begin("import", to, config.share_recipient));
    const changed = () => this.#changed();
    const told = { changed, created: changed, network: changed, storageFull: () => undefined };
    this.#session = new Session(begun, Unsent.open().catch(() => undefined), device, told);
  }

  /** The words were copied: they are dropped. */
  wordsCopied(): void {
    if (this.state.phase === "words") this.#end();
  }

  /** As a recorder's: keys go at once; what is sealed goes on by itself or is dropped. */
  leaveNow(keepUnsent: boolean): void {
    if (this.state.phase === "stopped" || this.state.phase === "failed") return;
    this.#leaving.abort();
    if (this.state.recording) tellChoice(this.state.recording, keepUnsent ? "send" : "drop");
    if (!keepUnsent) void this.#session.drop();
    this.#set({ stoppedBecause: this.state.stoppedBecause ?? "leave_now" });
    this.#end();
    this.#isLeft = true;
  }

  async run(): Promise<void> {
    try {
      const begun = await this.#session.begun;
      this.#set({ ...sealedFor(begun), recording: begun.consignment.id });
      this.#addStart();
      await this.#readAll();
      if (this.#leaving.signal.aborted) return;
      const body = dumps({ event: "stop", at: this.#device.wall(), reason: "person" });
      this.#session.add({ type: TYPE.event, at: 0, body, covers: this.#file.size, isFinal: true });
      await this.#session.sealed();
      await this.#session.drained();
      const refusal = this.#session.uploader?.refusedBecause;
      if (refusal !== undefined) return this.#fail(refusal);
      const words = await drawWords(begun, this.#device, this.#leaving.signal);
      if (this.#leaving.signal.aborted) return;
      if (words) this.#set({ phase: "words", words: Object.freeze(words), stoppedBecause: "person" });
      else this.#end();
    } catch {
      this.#fail("file_unreadable");
    }
  }

  #addStart(): void {
    const facts = { at: this.#device.wall(), kind: "import", mime: this.#file.type, width: 0, height: 0, build: this.#config.build ?? "" } as const;
    this.#session.add(startEvent(facts, () => undefined));
  }

  async #readAll(): Promise<void> {
    for (let at = 0; at < this.#file.size && !this.#leaving.signal.aborted; at += SLICE_LIMIT) {
      const end = Math.min(at + SLICE_LIMIT, this.#file.size);
      const body = new Uint8Array(await this.#file.slice(at, end).arrayBuffer());
      this.#session.add({ type: TYPE.import, at: 0, body, covers: end });
      while (end - this.#session.safeAt > AHEAD_BYTES && !this.#isOver()) await this.#nextProgress();
      if (this.#isOver()) return;
    }
  }

  #isOver(): boolean {
    return this.#leaving.signal.aborted || this.#session.uploader?.refusedBecause !== undefined;
  }

  #nextProgress(): Promise<void> {
    return new Promise((resolve) => {
      this.#progress = resolve;
      this.#leaving.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  #changed(): void {
    this.#progress();
    this.#set({});
  }

  #fail(code: string): void {
    void this.#session.drop();
    this.#set({ phase: "failed", stoppedBecause: `refused_${code}` });
  }

  #end(): void {
    this.#session.dropKeys();
    const { words: _dropped, ...rest } = this.state;
    this.state = rest;
    this.#set({ phase: "stopped" });
  }

  #set(changes: Partial<ImportState>): void {
    const { uploader, safeAt = 0, isStored = true } = this.#session ?? {};
    const sent = { bytesSafe: safeAt, bytesSent: uploader?.bytesSent ?? 0, network: uploader?.network ?? "ok", isStored } as const;
    this.state = Object.freeze({ ...this.state, ...sent, ...changes });
    if (!this.#isLeft) this.dispatchEvent(new Event("change"));
  }
}
