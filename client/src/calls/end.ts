/**
 * One end of a call: hears how the call stands, sends what it seals, and brings the call back to a node that was started again. Roles are
 * believed from what the others sealed, never from the node's list.
 */
import { type Bytes } from "../crypto/bytes.ts";
import { type Value } from "../crypto/canonical.ts";
import { ask, askOn, bearer, COMES_BACK, listen } from "./ask.ts";
import { listenerSecret, Sealer, sealFor, type Said } from "./sealed.ts";
import { base64url } from "../crypto/bytes.ts";

export type Role = "caller" | "lawyer" | "listener" | "interpreter";

/** An event of a call's stream (docs/spec/calls.md). */
export interface Standing {
  readonly state: "ringing" | "waiting" | "answered" | "ended";
  readonly you: number;
  readonly parties: readonly { readonly number: number; readonly role: Role }[];
  readonly messages: readonly { readonly n: number; readonly from: number; readonly sealed: string }[];
  readonly last: number;
  /** Which life of the node says so: numbers begin anew with each. */
  readonly life: string;
  readonly kept: string;
  readonly rung?: number;
  readonly of?: number;
  readonly before?: number;
  readonly listeners?: readonly string[];
}

export interface Told {
  standing(standing: Standing): void;
  said(from: number, said: Said): void;
  line(isHeard: boolean): void;
}

export interface Held {
  readonly call: string;
  readonly capability: Bytes;
  readonly secret: Bytes;
  readonly me: number;
}

/** How long before a node was lost something may have been said that it did not pass on any more. */
const UNSURE_MS = 30_000;
/** What describes a line is said anew by itself. */
const LINE = "line";

export class End {
  readonly call: string;
  readonly secret: Bytes;
  readonly me: number;
  readonly #capability: Bytes;
  #sealer: Sealer;
  readonly #told: Told;
  readonly #over = new AbortController();
  #kept = "";
  #last = 0;
  #life = "";
  #lostAt = 0;
  #said: { readonly at: number; readonly sealed: string }[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #opening: Promise<unknown> = Promise.resolve();

  constructor({ call, capability, secret, me }: Held, told: Told) {
    this.call = call;
    this.me = me;
    this.secret = secret;
    this.#capability = capability;
    this.#sealer = new Sealer(secret.slice(), call, me);
    this.#told = told;
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** Hear the call until it is over. */
  listen(first?: Standing): void {
    if (first) this.#heard(first);
    const headers = (): Record<string, string> => ({ ...bearer(this.#capability), "last-event-id": `${this.call}.${this.#life}.${this.#last}` });
    const hearing = {
      heard: (standing: Standing) => this.#heard(standing),
      refused: (code: string) => this.#refused(code),
      line: (isHeard: boolean) => this.#lined(isHeard),
    };
    void listen("/calls/events", headers, hearing, this.#over.signal);
  }

  /** Seal and send, in order; what a network or a dying node swallowed goes again. Never rejects: what cannot be sent any more is over. */
  send(said: { readonly [key: string]: Value }): Promise<unknown> {
    this.#turn = this.#turn
      .then(async () => {
        const sealed = await this.#sealer.seal(said);
        if (said["t"] !== LINE) this.#remember(sealed);
        await this.#post(sealed);
      })
      .catch(() => undefined);
    return this.#turn;
  }

  #post(sealed: string): Promise<unknown> {
    return askOn("/calls/messages", { call: this.call, sealed }, this.#capability, this.#over.signal, COMES_BACK);
  }

  #remember(sealed: string): void {
    const since = (this.#lostAt || Date.now()) - UNSURE_MS;
    this.#said = [...this.#said.filter(({ at }) => at > since), { at: Date.now(), sealed }];
  }

  /** Another life of the node: what the former one may not have passed on is said again. Who had it drops it by its count. */
  #sayAgain(): void {
    const since = (this.#lostAt || Date.now()) - UNSURE_MS;
    this.#lostAt = 0;
    for (const { at, sealed } of this.#said) if (at > since) this.#turn = this.#turn.then(() => this.#post(sealed)).catch(() => undefined);
  }

  #lined(isHeard: boolean): void {
    if (!isHeard) this.#lostAt ||= Date.now();
    this.#told.line(isHeard);
  }

  /** Seal the call to volunteers too: under another secret, so that none of them can pass for a lawyer. */
  async offerToListeners(recipients: readonly string[]): Promise<void> {
    const secret = base64url(await listenerSecret(this.secret, this.call));
    await this.ask("listener", { offer: await sealFor(recipients, { call: this.call, secret, v: 1 }) });
  }

  /** From here on the call is sealed for who answered: for lawyers, or for a volunteer. */
  sealFor(who: "lawyer" | "listener"): void {
    const swap = async (): Promise<void> => {
      const secret = who === "lawyer" ? this.secret.slice() : await listenerSecret(this.secret, this.call);
      this.#sealer = new Sealer(secret, this.call, this.me);
    };
    const swapped = this.#turn.then(swap);
    this.#turn = swapped;
    this.#opening = this.#opening.then(() => swapped);
  }

  /** Ask the node something about this call. */
  ask<T>(what: string, body: object = {}): Promise<T> {
    return ask<T>(`/calls/${what}`, { call: this.call, ...body }, this.#capability);
  }

  /** The same, until there is an answer; a node that was killed comes back. */
  askOn<T>(what: string): Promise<T> {
    return askOn<T>(`/calls/${what}`, { call: this.call }, this.#capability, this.#over.signal, COMES_BACK);
  }

  /** Leave, and forget what opens the call. */
  leave(): void {
    if (this.isOver) return;
    void fetch("/calls/end", {
      method: "POST", body: JSON.stringify({ call: this.call }), keepalive: true, credentials: "omit", headers: { "content-type": "application/json", ...bearer(this.#capability) },
    }).catch(() => undefined);
    this.drop();
  }

  drop(): void {
    this.#over.abort();
    this.#sealer.drop();
    this.secret.fill(0);
    this.#capability.fill(0);
  }

  #heard(standing: Standing): boolean {
    if (this.#life && standing.life !== this.#life) this.#sayAgain();
    [this.#last, this.#life] = [standing.last, standing.life];
    this.#kept = standing.kept || this.#kept;
    this.#told.standing(standing);
    for (const { from, sealed } of standing.messages) {
      if (from === this.me) continue;
      this.#opening = this.#opening.then(async () => {
        const said = await this.#sealer.open(from, sealed);
        if (said && !this.isOver) this.#told.said(from, said);
      });
    }
    if (standing.state === "ended") this.drop();
    return !this.isOver;
  }

  /** The node was started again and does not know the call: it is given back what it had sealed. */
  async #refused(code: string): Promise<boolean> {
    if (code !== "call_unknown" || !this.#kept) return this.#ended();
    try {
      await askOn("/calls/resume", { kept: this.#kept }, undefined, this.#over.signal);
      return true;
    } catch {
      return this.#ended();
    }
  }

  #ended(): false {
    const standing = { state: "ended", you: this.me, parties: [], messages: [], last: this.#last, life: this.#life, kept: "" } as const;
    this.#told.standing(standing);
    this.drop();
    return false;
  }
}
