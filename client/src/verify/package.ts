/** What all steps share: the members as streams, the texts read whole, the manifest. */
import type { Bytes } from "../crypto/bytes.ts";
import type { Value } from "../crypto/canonical.ts";
import type { Announced } from "./announced.ts";
import type { Checkpoint, Key } from "./checkpoint.ts";
import type { Leaf } from "./leaf.ts";
import { checkNames } from "./names.ts";
import { canonical, need, type Json } from "./read_json.ts";
import type { Recording } from "./recording.ts";
import { Wrong, type Mark } from "./report.ts";
import { MemberStream } from "./stream.ts";
import { readMembers, type Member } from "./zip.ts";

/** Keys from outside the package. */
export interface Trust {
  readonly log: Key;
  readonly witnesses: readonly Key[];
  readonly quorum: number;
  /** Keys (base64) of the two who founded the node, in order; none where the card does not tell. */
  readonly stewards?: readonly string[];
}

export interface Listed {
  readonly name: string;
  readonly role: string;
  readonly sha256: string;
  readonly sha512: string;
  readonly size: number;
}

export interface Manifest {
  readonly chunk_count: number;
  readonly custodian: Json | null;
  readonly files: readonly Listed[];
  readonly gaps: Value;
  readonly kind: string;
  readonly made_at: number;
  readonly media: Value;
  readonly package_id: string;
  readonly recording: string;
  readonly scope?: Value;
  readonly state: string;
  readonly tool: string;
}

export class Package {
  readonly facts: string[] = [];
  marks: readonly Mark[] = [];
  readonly streams = new Map<string, MemberStream>();
  readonly checkpoints = new Map<number, Checkpoint>();
  /** Links of the chunks that leaves name; -1 is the header's. */
  readonly links = new Map<number, Bytes>();
  /** Of each chunk when it was received, the beat that was promised, and its link. */
  readonly received: (readonly [string, string, Bytes])[] = [];
  members: readonly Member[] = [];
  manifest!: Manifest;
  recording: Recording | undefined;
  leaves: readonly Leaf[] | undefined;
  /** What log/announced.json says, before it was looked for in its trees. */
  told: readonly Announced[] | undefined;
  /** And after. Undefined: the package does not tell. */
  announced: readonly Announced[] | undefined;
  /** Where it announces keys of receipts, by their vkeys. */
  readonly receiptKeyEntries = new Map<string, number>();
  witnessed: { readonly seq: number; readonly time: number } | undefined;
  isRooted = false;
  readonly trust: Trust | undefined;
  readonly signer: Bytes | undefined;
  readonly #file: Blob;
  readonly #texts = new Map<string, Bytes>();

  constructor(file: Blob, trust?: Trust, signer?: Bytes) {
    this.#file = file;
    this.trust = trust;
    this.signer = signer;
  }

  /** Step 1. Throws `Wrong` or `Unreadable`. */
  async unzip(): Promise<void> {
    this.members = await readMembers(this.#file);
    checkNames(this.members.map((member) => member.name));
    for (const member of this.members) this.streams.set(member.name, new MemberStream(this.#file, member));
  }

  /** The first half of step 2. */
  async readManifest(): Promise<void> {
    const told = need(await this.value("manifest.json"), {
      ints: "chunk_count made_at",
      texts: "format kind package_id recording state tool",
      lists: "files gaps media",
    });
    if (told["format"] !== "tocsin.package/v1" || !Object.hasOwn(told, "custodian")) throw new Wrong("malformed", "format");
    for (const one of told["files"] as Value[]) need(one, { ints: "size", texts: "mime name role sha256 sha512" });
    this.manifest = told as unknown as Manifest;
  }

  has(name: string): boolean {
    return this.streams.has(name);
  }

  stream(name: string): MemberStream {
    const found = this.streams.get(name);
    if (!found) throw new Wrong("malformed", name);
    return found;
  }

  /** A member read whole, once. */
  async text(name: string): Promise<Bytes> {
    const known = this.#texts.get(name);
    if (known) return known;
    const read = await this.stream(name).whole();
    this.#texts.set(name, read);
    return read;
  }

  /** The value of a canonical JSON member. */
  async value(name: string): Promise<Value> {
    return canonical(await this.text(name), name);
  }

  names(start: string, end = ""): string[] {
    return [...this.streams.keys()].filter((name) => name.startsWith(start) && name.endsWith(end));
  }
}
