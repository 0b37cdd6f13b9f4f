/**
 * A talk: everybody on a call with the lines between them, who they say they are, what is written. Sound opens only when `openSound` is called:
 * roles are told first. Picture only where both want it; when a line is lost the picture goes, then there is what is written.
 */
import type { CallRefused } from "./ask.ts";
import { End, type Held, type Role, type Standing } from "./end.ts";
import { Peer } from "./peer.ts";
import type { Said } from "./sealed.ts";

export interface Person {
  readonly number: number;
  readonly role: Role;
  readonly name: string;
}

export interface Note {
  readonly from: number;
  readonly text: string;
}

export interface Myself {
  readonly role: Role;
  readonly name: string;
  readonly microphone: MediaStreamTrack | undefined;
  readonly camera?: () => Promise<MediaStreamTrack | undefined>;
  /** Go over the relay alone, so that the others do not learn this end's address. */
  readonly isHidden?: boolean;
}

interface Relay {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
}

const LONGEST_TEXT = 2_000;
const ROLES: readonly string[] = ["caller", "lawyer", "listener", "interpreter"];

export class Talk extends EventTarget {
  standing: Standing | undefined;
  readonly people = new Map<number, Person>();
  readonly notes: Note[] = [];
  /** Tracks of the others, to be played. */
  readonly sound = new MediaStream();
  readonly picture = new MediaStream();
  isHeard = true;
  isMuted = false;
  hasRelay = false;
  wantsPicture = false;
  /** The picture went because the line was bad. */
  hasLostPicture = false;
  /** This end left, and the call goes on. */
  hasLeft = false;
  readonly end: End;
  readonly #me: Myself;
  /** Nobody yet for an end that was met and whose line is being prepared. */
  readonly #peers = new Map<number, Peer | undefined>();
  readonly #invited = new Map<number, Role>();
  readonly #early: { from: number; said: Said }[] = [];
  readonly #wanting = new Set<number>();
  /** The count of what each said last of a picture. */
  readonly #saidWanting = new Map<number, number>();
  #camera: MediaStreamTrack | undefined;
  #config: Promise<RTCConfiguration> | undefined;
  #isSoundOpen = false;
  #hasJoined = false;
  #answered: "lawyer" | "listener" = "lawyer";

  constructor(held: Held, me: Myself) {
    super();
    this.#me = me;
    if (me.microphone) me.microphone.enabled = false;
    this.end = new End(held, {
      standing: (standing) => this.#stand(standing),
      said: (from, said) => this.#hear(from, said),
      line: (isHeard) => this.#set(() => (this.isHeard = isHeard)),
    });
  }

  listen(first?: Standing): void {
    this.end.listen(first);
  }

  get isOver(): boolean {
    return this.standing?.state === "ended" || this.end.isOver;
  }

  /** Whether a volunteer is on the line. */
  get hasListener(): boolean {
    return [...this.people.values()].some(({ role }) => role === "listener");
  }

  /** Lines to the others: open where one is, lost where none is and one was. */
  get line(): "none" | "trying" | "open" | "lost" {
    const states = [...this.#peers.values()].map((peer) => peer?.state ?? "trying");
    if (states.length === 0) return "none";
    return states.includes("open") ? "open" : states.includes("lost") ? "lost" : "trying";
  }

  /** Everybody was told who is on the line: sound may go both ways. */
  openSound(): void {
    this.#isSoundOpen = true;
    this.#feed();
    this.#changed();
  }

  /** Who answered is gone: nothing is heard or said until it was told who comes. */
  closeSound(): void {
    this.#isSoundOpen = this.isMuted = false;
    this.#feed();
  }

  get isSoundOpen(): boolean {
    return this.#isSoundOpen;
  }

  /** Close or open this end's microphone; who closed it before sound opened is not heard then either. */
  mute(isMuted: boolean): void {
    this.isMuted = isMuted;
    this.#feed();
    this.#changed();
  }

  #feed(): void {
    if (this.#me.microphone) this.#me.microphone.enabled = this.#isSoundOpen && !this.isMuted;
  }

  write(text: string): void {
    const short = text.trim().slice(0, LONGEST_TEXT);
    if (!short) return;
    this.notes.push({ from: this.end.me, text: short });
    void this.end.send({ t: "text", text: short });
    this.#changed();
  }

  /** Say whether this end wants a picture; it goes when the other wants one too. */
  wantPicture(wants: boolean): void {
    this.hasLostPicture = false;
    this.#wish(wants);
  }

  #wish(wants: boolean, lost = false): void {
    this.wantsPicture = wants;
    void this.end.send({ t: "picture", wants, lost });
    void this.#showPicture();
    this.#changed();
  }

  /** Say that somebody comes, before they do. */
  invited(number: number, role: Role): void {
    this.#invited.set(number, role);
    void this.end.send({ t: "invited", number, role });
  }

  async isRelayed(): Promise<boolean | undefined> {
    for (const peer of this.#peers.values()) if (peer?.state === "open") return peer.isRelayed();
    return undefined;
  }

  /** Leave the call, for good. Who called and who answered end it; others leave those two to each other. */
  leave(): void {
    this.hasLeft = !this.isOver && this.#goesOnWithout();
    this.#hangUp();
    this.end.leave();
    this.#changed();
  }

  #goesOnWithout(): boolean {
    const { state, parties = [] } = this.standing ?? {};
    const others = parties.filter(({ number }) => number !== this.end.me).map(({ role }) => role);
    return state === "answered" && others.includes("caller") && others.some((role) => role === "lawyer" || role === "listener");
  }

  #stand(standing: Standing): void {
    this.standing = standing;
    if (standing.state === "ended") this.#hangUp();
    this.#sealForWhoAnswered(standing);
    const here = new Set(standing.parties.map(({ number }) => number));
    for (const number of [...this.people.keys()]) if (!here.has(number)) this.#forget(number);
    for (const number of here) if (number !== this.end.me && standing.state === "answered" && !this.#peers.has(number)) void this.#meet(number);
    this.#changed();
  }

  /** The phone seals to a volunteer under another secret than to a lawyer: the node's word alone makes nobody a lawyer. */
  #sealForWhoAnswered({ parties }: Standing): void {
    if (this.#me.role !== "caller") return;
    const who = parties.find(({ role }) => role === "lawyer" || role === "listener")?.role as "lawyer" | "listener" | undefined;
    if (!who || who === this.#answered) return;
    this.#answered = who;
    this.end.sealFor(who);
  }

  /** Somebody is on the call: say who one is, and make a line to them. */
  async #meet(number: number): Promise<void> {
    this.#peers.set(number, undefined);
    this.#sayHello();
    const config = await this.#configured();
    if (this.end.isOver || !this.#peers.has(number)) return;
    const peer = new Peer(this.end.me, number, {
      config,
      microphone: this.#me.microphone,
      send: (said) => void this.end.send(said),
      changed: () => this.#lineChanged(),
      poor: () => this.#dropPicture(),
      track: (track) => this.#plays(track),
      refresh: () => this.#freshConfig(),
    });
    this.#peers.set(number, peer);
    for (const said of this.#early.splice(0)) this.#toPeer(said.from, said.said);
    this.#changed();
  }

  #plays(track: MediaStreamTrack): void {
    for (const event of ["mute", "unmute"]) track.addEventListener(event, () => this.#changed());
    (track.kind === "audio" ? this.sound : this.picture).addTrack(track);
  }

  #sayHello(): void {
    void this.end.send({ t: "hello", role: this.#me.role, name: this.#me.name });
    this.#hasJoined = true;
  }

  #hear(from: number, said: Said): void {
    const kind = said["t"];
    if (kind === "hello" && ROLES.includes(String(said["role"]))) this.#greet(from, said);
    else if (kind === "invited" && ROLES.includes(String(said["role"]))) this.#invited.set(Number(said["number"]), said["role"] as Role);
    else if (kind === "text") this.notes.push({ from, text: String(said["text"]).slice(0, LONGEST_TEXT) });
    else if (kind === "picture") this.#wanted(from, said);
    else if (kind === "line" && said["to"] === this.end.me) this.#toPeer(from, said);
    this.#changed();
  }

  #greet(from: number, said: Said): void {
    const isKnown = this.people.has(from);
    // Who was let in is what they were let in as, whatever they say.
    const role = this.#invited.get(from) ?? (this.#answered === "listener" ? "listener" : (said["role"] as Role));
    this.people.set(from, { number: from, role, name: String(said["name"] ?? "").slice(0, 60) });
    if (!isKnown && this.#hasJoined) this.#sayHello();
  }

  #toPeer(from: number, said: Said): void {
    const peer = this.#peers.get(from);
    if (peer) peer.heard(said);
    else this.#early.push({ from, said });
  }

  #wanted(from: number, said: Said): void {
    if (Number(said["n"]) < (this.#saidWanting.get(from) ?? 0)) return;
    this.#saidWanting.set(from, Number(said["n"]));
    if (said["lost"] === true && this.wantsPicture) {
      this.hasLostPicture = true;
      this.#wish(false);
    }
    if (said["wants"] === true) this.#wanting.add(from);
    else this.#wanting.delete(from);
    void this.#showPicture();
  }

  async #showPicture(): Promise<void> {
    const isWanted = this.wantsPicture && this.#wanting.size > 0;
    if (isWanted) this.#camera ??= await this.#me.camera?.();
    for (const [number, peer] of this.#peers) await peer?.show(isWanted && this.#wanting.has(number) ? (this.#camera ?? null) : null);
  }

  /** A line that is lost first loses its picture. */
  #lineChanged(): void {
    if (this.line === "lost") this.#dropPicture();
    this.#changed();
  }

  /** The sound is worth more than the picture. It does not come back by itself: a line that flaps would be worse than none. */
  #dropPicture(): void {
    if (!this.wantsPicture) return;
    this.hasLostPicture = true;
    this.#wish(false, true);
  }

  #configured(): Promise<RTCConfiguration> {
    return (this.#config ??= this.#freshConfig());
  }

  /** Who hides goes directly only where the node says that it has no relay: not where it does not answer. */
  async #freshConfig(): Promise<RTCConfiguration> {
    const iceTransportPolicy = this.#me.isHidden ? "relay" : "all";
    try {
      const { urls, username, credential } = await this.end.askOn<Relay>("relay");
      this.hasRelay = true;
      return { iceServers: [{ urls: [...urls], username, credential }], iceTransportPolicy };
    } catch (error) {
      this.hasRelay = false;
      return (error as CallRefused).code === "relay_absent" ? {} : { iceTransportPolicy };
    }
  }

  #forget(number: number): void {
    this.#peers.get(number)?.close();
    this.#peers.delete(number);
    this.people.delete(number);
    this.#wanting.delete(number);
  }

  #hangUp(): void {
    for (const peer of this.#peers.values()) peer?.close();
    this.#peers.clear();
    this.#me.microphone?.stop();
    this.#camera?.stop();
    this.sound.getTracks().forEach((track) => track.stop());
  }

  #set(act: () => void): void {
    act();
    this.#changed();
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}
