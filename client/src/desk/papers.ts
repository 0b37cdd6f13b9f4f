/** Notes, intake sheet and links of a recording, opened and sealed here. The node has none of their words. */
import { base64url, fromBase64url, randomBytes, type Bytes } from "../crypto/bytes.ts";
import type { Value } from "../crypto/canonical.ts";
import { ask, papers, type Sealed } from "./ask_desk.ts";
import type { Ours } from "./ours.ts";

export type Said = Record<string, Value>;

export interface Paper {
  readonly id: string;
  readonly turn: number;
  readonly said: Said;
}

export class Papers {
  readonly #recording: string;
  readonly #capability: Bytes;
  readonly #ours: Ours;
  #papers: Paper[] = [];
  /** How many of them this identity cannot open: written before it came to the desk. */
  closed = 0;

  constructor(recording: string, capability: Bytes, ours: Ours) {
    this.#recording = recording;
    this.#capability = capability;
    this.#ours = ours;
  }

  of(type: string): Paper[] {
    return this.#papers.filter(({ said }) => said["type"] === type).sort((a, b) => Number(a.said["at"] ?? 0) - Number(b.said["at"] ?? 0));
  }

  async load(): Promise<void> {
    const found = await papers(this.#recording, this.#capability);
    const opened = await Promise.all(found.map((one) => this.#open(one)));
    this.#papers = opened.filter((one) => one !== undefined);
    this.closed = opened.length - this.#papers.length;
  }

  /** Save a new paper, or the next version of one. Rejects with `Refused` `paper_changed` where another window was faster. */
  async save(said: Said, before?: Paper): Promise<Paper> {
    const id = before?.id ?? base64url(randomBytes(16));
    const body = { sealed: await this.#ours.seal(said), turn: before?.turn ?? 0 };
    const { turn } = await ask<{ turn: number }>(this.#recording, `papers/${id}`, { method: "PUT", body, capability: this.#capability });
    const saved = { id, turn, said };
    this.#papers = [...this.#papers.filter((one) => one.id !== id), saved];
    return saved;
  }

  async drop(paper: Paper): Promise<void> {
    await ask(this.#recording, `papers/${paper.id}`, { method: "DELETE", capability: this.#capability });
    this.#papers = this.#papers.filter((one) => one.id !== paper.id);
  }

  async #open({ paper, turn, sealed }: Sealed): Promise<Paper | undefined> {
    const said = fromBase64url(sealed).length > 0 ? await this.#ours.open(sealed) : undefined;
    return said && { id: paper, turn, said };
  }
}
