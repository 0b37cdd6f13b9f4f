/** The form that makes a package on this device: a decision on each talk, who signs, where the log's proofs come from, progress, a way to stop. */
import { sha256 } from "@noble/hashes/sha2.js";
import type { Bytes } from "../crypto/bytes.ts";
import { counted } from "../staff/going_on.ts";
import { make } from "../ui/make.ts";
import type { Sentences } from "../ui/sentences.ts";
import type { Note } from "./custody.ts";
import { callsOf, type Call } from "./marks.ts";
import type { Opened } from "./opened.ts";
import { seedInPem } from "./package/custodian.ts";
import { KeptLog, NodeLog, type LogSource } from "./package/log_source.ts";
import type { Copy, Wanted } from "./package/make.ts";
import { Refusal } from "./package/refusal.ts";
import { chooseTarget, isKept, type Target } from "./package/save.ts";
import { hex } from "./package/text.ts";
import type { Decision, Decisions } from "./package/withholding.ts";
import type { Sealed } from "./sealed.ts";
import { clock } from "./times.ts";

export interface Packaged {
  readonly opened: Opened;
  readonly sealed: Sealed;
  readonly notes: readonly Note[];
  /** Seed of the signing key where the page holds it; else a key file may be chosen. */
  readonly custodianSeed?: Bytes;
}

export class PackageView {
  readonly #place: HTMLElement;
  readonly #packaged: Packaged;
  readonly #words: Sentences;
  readonly #calls: readonly Call[];
  readonly #problem = make("p", { className: "problem", role: "alert", hidden: true });
  readonly #key = make("input", { type: "file", id: "custodian" });
  readonly #fetches = make("input", { type: "checkbox", id: "from-node" });
  readonly #begin = make("button", { type: "submit", className: "button primary wide" });
  readonly #stop = make("button", { type: "button", className: "button wide", hidden: true });
  readonly #progress = make("progress", { max: 1, value: 0, hidden: true });
  readonly #said = make("p", { role: "status", tabIndex: -1 });
  readonly #copying = make("section", { className: "group" });
  #leaving: AbortController | undefined;
  #cover: { drop(): void } | undefined;

  constructor(place: HTMLElement, packaged: Packaged, words: Sentences) {
    this.#place = place;
    this.#packaged = packaged;
    this.#words = words;
    this.#calls = callsOf(packaged.opened.told);
    this.#compose();
  }

  drop(): void {
    this.#leaving?.abort();
    this.#cover?.drop();
    this.#place.replaceChildren();
  }

  #say(key: string, values: Record<string, string | number> = {}): string {
    return this.#words.say(`pack.${key}`, values);
  }

  #compose(): void {
    const form = make("form", { className: "group" }, this.#problem, ...this.#calls.map((call) => this.#decision(call)));
    if (!this.#packaged.custodianSeed) form.append(this.#field("key", this.#key));
    if (new KeptLog(this.#packaged.sealed.log).isEmpty) {
      form.append(make("label", { className: "choice" }, this.#fetches, this.#say("from_node")), make("p", { className: "muted" }, this.#say("from_node_note")));
    }
    if (isKept()) form.append(make("p", { className: "notice warn" }, this.#say("kept_note")));
    this.#begin.textContent = this.#say("begin");
    this.#stop.textContent = this.#say("stop");
    this.#progress.setAttribute("aria-label", this.#say("working"));
    form.append(this.#begin, this.#progress, this.#stop);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#make();
    });
    this.#stop.addEventListener("click", () => this.#leaving?.abort());
    this.#place.replaceChildren(make("h2", {}, this.#say("title")), make("p", {}, this.#say("sentence")), form, this.#said, this.#copying);
    const begin = make("button", { type: "button", className: "button wide" }, this.#words.say("cover.open"));
    begin.addEventListener("click", () => void this.#offerCopy());
    this.#copying.append(begin);
  }

  /** A copy with faces covered: loaded when somebody wants one. */
  async #offerCopy(): Promise<void> {
    const { CoverView } = await import("./cover/cover_view.ts");
    this.#cover?.drop();
    this.#cover = new CoverView(this.#copying, this.#packaged, this.#words, () => this.#decidedAll(), (...given) => this.#writeCopy(...given));
  }

  async #writeCopy(film: () => Promise<Copy>, decisions: Decisions, told: (share: number) => void, signal: AbortSignal): Promise<boolean> {
    const seed = await this.#seed();
    const target = seed === null ? undefined : await chooseTarget("copy.zip");
    if (!target) return false;
    try {
      await this.#pour(target, { decisions, custodianSeed: seed ?? undefined, told, signal, copy: await film() });
      return true;
    } catch (error) {
      await target.abort().catch(() => undefined);
      throw error;
    }
  }

  #field(key: string, input: HTMLInputElement): HTMLElement {
    const label = make("label", { htmlFor: input.id }, this.#say(key));
    return make("div", { className: "field" }, label, input, make("p", { className: "muted" }, this.#say(`${key}_note`)));
  }

  /** One talk and what is to become of it. Nothing is chosen beforehand: somebody must. */
  #decision(call: Call): HTMLElement {
    const until = clock(call.untilMs ?? this.#packaged.opened.lengthMs);
    const legend = make("legend", {}, this.#say("talk", { number: this.#words.number(call.number), from: clock(call.fromMs), until }));
    const choices = (["mute", "keep"] as const).map((decision) => {
      const input = make("input", { type: "radio", name: `talk-${call.number}`, value: decision });
      return make("label", { className: "choice" }, input, this.#say(decision));
    });
    return make("fieldset", {}, legend, ...choices);
  }

  #decisions(): Map<number, Decision> {
    const found = new Map<number, Decision>();
    for (const { number } of this.#calls) {
      const chosen = this.#place.querySelector<HTMLInputElement>(`input[name=talk-${number}]:checked`);
      if (chosen) found.set(number, chosen.value as Decision);
    }
    return found;
  }

  #complain(key: string, focus?: HTMLElement | null): void {
    this.#problem.textContent = key === "" ? "" : this.#say(key);
    this.#problem.hidden = key === "";
    focus?.focus();
  }

  /** What was decided on each talk; undefined where a decision is missing, and then that is said. */
  #decidedAll(): Decisions | undefined {
    const decisions = this.#decisions();
    const undecided = this.#calls.find(({ number }) => !decisions.has(number));
    if (!undecided) return decisions;
    this.#complain("undecided", this.#place.querySelector<HTMLElement>(`input[name=talk-${undecided.number}]`));
    return undefined;
  }

  /** The signing key; undefined where none is chosen, null where what is chosen is none, and then that is said. */
  async #seed(): Promise<Bytes | undefined | null> {
    const pem = this.#key.files?.[0];
    const seed = this.#packaged.custodianSeed ?? (pem && seedInPem(await pem.text()));
    if (!pem || seed) return seed;
    this.#complain("key_unreadable", this.#key);
    return null;
  }

  async #make(): Promise<void> {
    const decisions = this.#decidedAll();
    const seed = decisions && (await this.#seed());
    if (!decisions || seed === null) return;
    this.#complain("");
    const target = await chooseTarget("package.zip");
    if (target) await this.#write(target, decisions, seed);
  }

  #source(): LogSource {
    const kept = new KeptLog(this.#packaged.sealed.log);
    return kept.isEmpty && this.#fetches.checked ? new NodeLog() : kept;
  }

  async #write(target: Target, decisions: Decisions, custodianSeed: Bytes | undefined): Promise<void> {
    this.#busy(true);
    const { signal } = (this.#leaving = new AbortController());
    const told = (share: number): void => void (this.#progress.value = share);
    try {
      await counted(this.#pour(target, { decisions, custodianSeed, told, signal }));
    } catch (error) {
      await target.abort().catch(() => undefined);
      this.#tell(this.#say(`fault_${error instanceof Refusal ? error.code : "other"}`));
    } finally {
      this.#busy(false);
    }
    this.#said.focus();
  }

  /** Make it into `target`, and tell its hash. */
  async #pour(target: Target, wanted: Pick<Wanted, "decisions" | "custodianSeed" | "told" | "signal" | "copy">): Promise<void> {
    const hash = sha256.create();
    const { makePackage } = await import("./package/make.ts");
    const madeAt = Math.floor(Date.now() / 1000);
    for await (const part of makePackage({ ...this.#packaged, log: this.#source(), madeAt, ...wanted })) {
      hash.update(part);
      await target.write(part);
    }
    await target.close();
    this.#tell(make("span", {}, this.#say("done")), make("code", { className: "sum" }, hex(hash.digest())));
  }

  #tell(...parts: (Node | string)[]): void {
    this.#said.replaceChildren(...parts.flatMap((part, i) => (i > 0 ? [" ", part] : [part])));
  }

  #busy(isBusy: boolean): void {
    this.#begin.disabled = isBusy;
    this.#stop.hidden = this.#progress.hidden = !isBusy;
    if (isBusy) this.#said.replaceChildren(this.#say("working"));
  }
}
