/**
 * A passport that is open on this phone. `Passport.open(passphrase)` is for every page of a room that needs a role:
 * `await passport.take("confirmer")` gives a token and its secret, as a request carries them, and the phone does not have it any more.
 */
import { base64url, fromBase64url, join, randomBytes } from "../crypto/bytes.ts";
import type { LogTrust } from "../crypto/seen.ts";
import * as node from "./ask_passport.ts";
import { Box, empty } from "./box.ts";
import { epochAt, prepare, send, SETS, type Pending, type Tokens } from "./fetching.ts";
import type { Acting, Role } from "./keys.ts";
import { derived, fromWords, later } from "./seeds.ts";

/** No token of this role is left this week. */
export class NoTokenLeft extends Error {}

/** What was given for this week counts for nothing any more: the renewals of the role were burnt, or the node began anew. */
export class RenewalGone extends Error {}

/** What the box holds. `epoch`: of the tokens and of the seed; `isNew`: admitted this week; `right`: what entitled to this week's tokens. */
interface Held {
  readonly v: 1;
  role: Acting;
  cohort: number;
  epoch: number;
  seed: string;
  times: number;
  isNew: boolean;
  tokens: Tokens;
  right: Pick<Pending, "by" | "proof">;
  pending?: Pending | undefined;
  ahead?: Ahead | undefined;
}

/** Answers to the questions of a week, kept until its tokens are here. */
interface Ahead {
  readonly epoch: number;
  readonly answers: readonly number[];
}

export interface Spend {
  readonly token: string;
  readonly secret: string;
}

export class Passport {
  #box: Box;
  #held: Held;
  /** Whether the node wants a training code with what was asked: the role was burnt. */
  isTrainingAsked = false;
  /** Tokens that were taken out and not answered. */
  readonly #shown = new Map<Role, Spend>();

  private constructor(box: Box, held: Held) {
    this.#box = box;
    this.#held = held;
  }

  /** Rejects with `NothingOpens`. */
  static async open(passphrase: string): Promise<Passport> {
    const { box, text } = await Box.open(passphrase);
    return new Passport(box, JSON.parse(text) as Held);
  }

  /** With an admission and fresh words: seal it, tell `made` so that it can `goOn` where the network went, then fetch the first tokens. */
  static async begin(admitted: node.Admitted, words: readonly string[], passphrase: string, trust: LogTrust, made: (begun: Passport) => void): Promise<Passport> {
    const seed = base64url(await fromWords(words, admitted.epoch));
    const right = { by: "admission", proof: admitted.admission } as const;
    const { cohort, epoch } = admitted;
    const role = admitted.role as Acting;
    const held: Held = { v: 1, role, cohort, epoch, seed, times: 0, isNew: true, tokens: {}, right };
    const passport = new Passport(await Box.make(passphrase), held);
    made(passport);
    await passport.#fetch(trust, passport.#set, right, [], "");
    return passport;
  }

  /** Fetch the first tokens on this phone, or ask for them again. */
  async goOn(trust: LogTrust, answers: readonly number[] = [], training = ""): Promise<void> {
    await this.#fetch(trust, this.#set, this.#held.right, answers, training);
  }

  /** Under another passphrase from now on. */
  async sealUnder(passphrase: string): Promise<void> {
    this.#box = await Box.make(passphrase);
    await this.#save();
  }

  /**
   * On a new phone, by the words: which renewal token was mine is shown by what it was made of. Of this week: a new renewal token in the place
   * of the lost one. Of the week before: this week's tokens. Tells `made`, as `begin` does. Rejects with the node's refusal where the words
   * are nobody's.
   */
  static async recover(words: readonly string[], passphrase: string, trust: LogTrust, answers: readonly number[], made: (begun: Passport) => void): Promise<Passport> {
    const epoch = epochAt(Date.now());
    const lost = await whichIsMine(words, epoch);
    const isSwap = lost.epoch === epoch;
    const seed = base64url(await fromWords(words, epoch));
    const { role, cohort, times, proof } = lost;
    const right = { by: "lost", proof } as const;
    const held: Held = { v: 1, role, cohort, epoch, seed, times: isSwap ? times + 1 : 0, isNew: false, tokens: {}, right };
    const passport = new Passport(await Box.make(passphrase), held);
    made(passport);
    await passport.#fetch(trust, passport.#set, right, answers, "");
    return passport;
  }

  get role(): Acting {
    return this.#held.role;
  }

  get cohort(): number {
    return this.#held.cohort;
  }

  get epoch(): number {
    return this.#held.epoch;
  }

  /** Whether it has come to this phone in the middle of a week, in which the lost one had the tokens. */
  get isSwapped(): boolean {
    return this.#held.times > 0;
  }

  /** Whether its tokens are of the week that is now. */
  get isOfNow(): boolean {
    return this.#held.epoch === epochAt(Date.now());
  }

  /** Whether somebody has been away for a whole week: then nothing renews any more. */
  get isOver(): boolean {
    return epochAt(Date.now()) > this.#held.epoch + 1;
  }

  /** Whether the answers for the week after are kept. */
  get isReady(): boolean {
    return this.#held.ahead?.epoch === this.#held.epoch + 1;
  }

  /** The answers with which this week's tokens can be fetched; undefined where they have to be asked for. */
  get ready(): readonly number[] | undefined {
    const { ahead } = this.#held;
    return ahead?.epoch === epochAt(Date.now()) ? ahead.answers : undefined;
  }

  /** Keep the answers to the next week's questions, with which it renews by itself when it is open. */
  async getReady(answers: readonly number[]): Promise<void> {
    this.#held.ahead = { epoch: this.#held.epoch + 1, answers };
    await this.#save();
  }

  /** The batches of a week's set that this phone is entitled to: of its first week without vouches, after a swap the renewal alone. */
  get #set(): (typeof SETS)[Acting] {
    const { isNew } = this.#held;
    return SETS[this.role].filter(([one]) => (this.isSwapped ? one === renewalOf(this.role) : !(isNew && one === "voucher")));
  }

  /** Whether this week's tokens are to be fetched, or asked for again. Without the renewal among them there is no next week. */
  get isToRenew(): boolean {
    return !this.isOver && (!this.isOfNow || !this.#held.tokens[renewalOf(this.role)]);
  }

  get isWaiting(): boolean {
    return this.#held.pending !== undefined;
  }

  /** Whether the tokens of the own role were burnt and no others are here yet. Where all were spent, there is an empty list. */
  get isBurnt(): boolean {
    return this.isOfNow && !this.isSwapped && !this.isToRenew && !this.#held.tokens[this.role];
  }

  left(role: Role): number {
    return this.isOfNow ? (this.#held.tokens[role]?.length ?? 0) : 0;
  }

  /** Take a token out of the box, one of them at random: the order in which they came would say which are of one phone. Rejects with `NoTokenLeft`. */
  async take(role: Role): Promise<Spend> {
    const left = [...(this.isOfNow ? (this.#held.tokens[role] ?? []) : [])];
    const [drawn] = left.splice(below(left.length), 1);
    if (drawn === undefined) throw new NoTokenLeft();
    this.#held.tokens = { ...this.#held.tokens, [role]: left };
    await this.#save();
    return { token: drawn, secret: base64url(randomBytes(32)) };
  }

  /**
   * Show a token to the node. One that was not answered, or was not spent, is shown again the next time, with the same secret: so it counts
   * once, and none is lost with the network. One that the node does not take is not shown again. Rejects with the node's refusal.
   */
  async spend<T>(role: Role, send: (token: string, secret: string) => Promise<T>): Promise<T> {
    const one = this.#shown.get(role) ?? (await this.take(role));
    this.#shown.set(role, one);
    try {
      const answer = await send(one.token, one.secret);
      this.#shown.delete(role);
      return answer;
    } catch (error) {
      const code = error instanceof node.Refused ? error.code : "";
      if (code.startsWith("token_")) this.#shown.delete(role);
      if (code === "token_burnt") await this.#drop(role);
      throw error;
    }
  }

  /** Tokens of a burnt role are worth nothing; and the box has no room for them beside a request for others. */
  async #drop(role: Role): Promise<void> {
    this.#held.tokens = { ...this.#held.tokens, [role]: undefined };
    await this.#save();
  }

  /**
   * Fetch this week's tokens with what was given for it the week before. Where it is refused it may be tried again; where the node heard
   * it and said no, with other answers.
   */
  async renew(trust: LogTrust, answers: readonly number[], training = ""): Promise<void> {
    const now = epochAt(Date.now());
    this.#held.ahead = { epoch: now, answers };
    try {
      if (this.#held.epoch !== now) await this.#turn(trust, now);
      await this.#fetch(trust, this.#set, this.#held.right, answers, training);
    } catch (error) {
      const isSaid = error instanceof node.Refused && !["absent", "asked_otherwise"].includes(error.code);
      if (isSaid) this.#held.ahead = undefined;
      throw isSaid && error.code === "token_burnt" ? new RenewalGone() : error;
    }
  }

  /** Into the week `now`: the old one's tokens go when the request for the new ones stands in the box, and not before. */
  async #turn(trust: LogTrust, now: number): Promise<void> {
    const { cohort, epoch, tokens } = this.#held;
    const token = tokens[renewalOf(this.role)]?.[0];
    if (token === undefined || now !== epoch + 1) throw new NoTokenLeft();
    const right = { by: "renewal", proof: token } as const;
    const seed = await later(fromBase64url(this.#held.seed), epoch, now);
    const pending = await prepare(right, SETS[this.role], { trust, cohort, seed, times: 0 });
    Object.assign(this.#held, { epoch: now, seed: base64url(seed), times: 0, isNew: false, tokens: {}, right, pending });
    await this.#save();
  }

  /** After the own role was burnt: new tokens of it, with a training code where the node asks for one. */
  async replace(trust: LogTrust, answers: readonly number[], training: string): Promise<void> {
    const wanted = SETS[this.role].filter(([one]) => one === this.role);
    await this.#fetch(trust, wanted, this.#held.right, answers, training);
  }

  /** Ask for batches, keeping the question until it is answered. */
  async #fetch(trust: LogTrust, wanted: (typeof SETS)[Acting], right: Held["right"], answers: readonly number[], training: string): Promise<void> {
    const { cohort, times } = this.#held;
    if (!this.#held.pending) {
      this.#held.pending = await prepare(right, wanted, { trust, cohort, seed: fromBase64url(this.#held.seed), times });
      await this.#save();
    }
    const tokens = await send(this.#held.pending, answers, training).catch((error: unknown) => this.#refused(error));
    this.isTrainingAsked = false;
    this.#held.tokens = { ...this.#held.tokens, ...tokens };
    this.#held.pending = undefined;
    if (!this.isReady) this.#held.ahead = undefined;
    await this.#save();
  }

  /** A request that the node will never answer, as of a key that was burnt meanwhile, is not sent again. Nothing was given for it. */
  async #refused(error: unknown): Promise<never> {
    if (error instanceof node.Refused && error.code === "training_needed") this.isTrainingAsked = true;
    if (error instanceof node.Refused && error.code === "asked_otherwise") {
      this.#held.pending = undefined;
      await this.#save();
    }
    throw error;
  }

  #save(): Promise<void> {
    return this.#box.save(JSON.stringify(this.#held));
  }
}

/** Leave: the box is as if there had never been a passport. Nobody is told. */
export const leave = empty;

export function renewalOf(role: Acting): Role {
  return `renew-${role}`;
}

interface Mine {
  readonly role: Acting;
  readonly cohort: number;
  readonly epoch: number;
  readonly times: number;
  readonly proof: string;
}

/** How often a phone may be lost in a week. */
const TIMES = [0, 1, 2];

/** Which renewal token these words stand for: of this week, or of the last one. Rejects with the node's refusal where it is none. */
async function whichIsMine(words: readonly string[], epoch: number): Promise<Mine> {
  const before = await fromWords(words, epoch - 1);
  const now = await later(before.slice(), epoch - 1, epoch);
  const shown = [];
  for (const seed of [now, before]) for (const times of TIMES) shown.push(await derived(seed, times));
  const found = await node.find(shown);
  const mine = shown[found.place]!;
  const proof = join(fromBase64url(found.key), fromBase64url(mine.nonce), fromBase64url(mine.blind));
  const role = found.role.replace("renew-", "") as Acting;
  return { role, cohort: found.cohort, epoch: found.epoch, times: found.place % TIMES.length, proof: base64url(proof) };
}

/** A number below `most`, none likelier than another; 0 where there is no choice. */
function below(most: number): number {
  const reach = Math.floor(256 / Math.max(most, 1)) * Math.max(most, 1);
  for (;;) {
    const [drawn] = randomBytes(1);
    if (drawn! < reach) return drawn! % Math.max(most, 1);
  }
}
