/** A node of one process and no disk: it keeps docs/spec/http.md as far as a phone can see, and fails as it is told. */
import { createHash } from "node:crypto";
import { base64, base64url, fromBase64url, fromBigEndian } from "../../client/src/crypto/bytes.ts";
import { identityOf, openWith, recipientOf } from "../../client/src/crypto/envelope.ts";
import { checkChunk, parseChunk, parseHeader, Reader, type Chunk, type Header, type Inner } from "../../client/src/crypto/stream.ts";
import type { ClientConfig } from "../../client/src/phone/config.ts";
import { newKey, newWorld, ORIGIN, signLine, type World } from "./fake_log.ts";

interface Held {
  header: Header;
  kind: string;
  upload: string;
  wraps: string;
  share: string;
  body: string;
  chunks: Chunk[];
  receipts: string[];
  locator?: string;
}

const digest = (capability: string) => createHash("sha256").update(fromBase64url(capability)).digest("base64url");

/** What may go wrong with one request: before it arrives, after it was done, or as an answer. */
export type Fault = "lost" | "answer_lost" | { status: number; code: string; retryAfter?: number } | "portal" | undefined;

export class FakeNode {
  readonly held = new Map<string, Held>();
  readonly world: World = newWorld();
  readonly receiptKey = newKey(`${ORIGIN}/receipts`, 1);
  /** Asked before each request. */
  fault: (path: string) => Fault = () => undefined;
  /** Bits a second that go through; undefined is without end. */
  rate: number | undefined;
  /** Milliseconds of the way there and back. */
  way = 0;
  wait: (ms: number) => Promise<void> = () => Promise.resolve();
  /** Changes a receipt before it is sent. */
  forge: (receipt: string) => string = (receipt) => receipt;
  desk: unknown = undefined;
  limits: { max_bytes?: number; max_seconds?: number } = {};
  shareSeed = new Uint8Array(32).fill(7);
  requests: string[] = [];
  /** The seconds of each request that brought some, as they were sent. */
  parcels: number[][] = [];

  async config(): Promise<ClientConfig> {
    const shareRecipient = await recipientOf(identityOf(this.shareSeed));
    return { ...this.world.trust, share_recipient: shareRecipient, emergency_number: "911", sample: true,
    desk_wait_s: 0, limits: {}, build: "test" };
  }

  answer = async (path: string, init: RequestInit): Promise<Response> => {
    const fault = this.fault(path);
    this.requests.push(`${init.method} ${path}`);
    if (path.includes("/chunks")) this.parcels.push(pieces(path, init.body as Uint8Array).map((raw) => fromBigEndian(raw.subarray(0, 8))));
    const needs = this.rate === undefined ? 0 : (((init.body as Uint8Array)?.length ?? 0) * 8000) / this.rate;
    if (needs + this.way > 0) await this.wait(needs + this.way);
    if (fault === "lost" || init.signal?.aborted) throw new TypeError("network");
    if (fault === "portal") return new Response("<html>log in</html>", { status: 200 });
    if (typeof fault === "object") return refusal(fault.status, fault.code, {}, fault.retryAfter);
    const done = await this.#serve(path, init);
    if (fault === "answer_lost") throw new TypeError("network");
    return done;
  };

  /** Everything of a recording, opened by a recipient. */
  async open(id: string, identity: string): Promise<Inner[]> {
    const held = this.held.get(id)!;
    const reader = await Reader.begin(await openWith(identity, fromBase64url(held.wraps)), held.header);
    const opened = [];
    for (const chunk of held.chunks) opened.push(await reader.open(chunk));
    return opened;
  }

  async #serve(path: string, init: RequestInit): Promise<Response> {
    if (path === "/desk-keys") return this.desk ? Response.json(this.desk) : refusal(404, "not_found");
    if (path === "/encounters") return this.#create(init.body as string);
    const [, , id, verb, seq] = path.split("/");
    const held = this.held.get(id!);
    const capability = String((init.headers as Record<string, string>)["Authorization"]).replace("Tocsin ", "");
    if (!held || digest(capability) !== held.upload) return refusal(403, "capability_wrong");
    if (verb === "chunks" && seq !== undefined) return this.#take(held, id!, Number(seq), init.body as Uint8Array);
    if (verb === "chunks") return this.#takeSeveral(held, id!, pieces(path, init.body as Uint8Array));
    if (verb === "return-share") return this.#giveShare(held);
    if (verb === "wraps") return this.#rewrap(held, JSON.parse(init.body as string));
    return refusal(404, "not_found");
  }

  async #create(body: string): Promise<Response> {
    const start = JSON.parse(body);
    const header = await parseHeader(fromBase64url(start.header));
    const id = base64url(header.recordingId);
    const standing = this.held.get(id);
    if (standing && standing.body !== body) return refusal(409, "recording_exists");
    if (!standing) {
      this.held.set(id, { header, kind: start.kind, upload: start.upload, wraps: start.wraps, share: start.return_share, body, chunks: [], receipts: [] });
    }
    return Response.json({ recording: id, limits: this.limits, receipt_key: this.receiptKey.vkey, node_time_ms: 5 }, { status: standing ? 200 : 201 });
  }

  async #takeSeveral(held: Held, id: string, raws: Uint8Array[]): Promise<Response> {
    const receipts: string[] = [];
    for (const raw of raws) {
      const answer = await this.#take(held, id, fromBigEndian(raw.subarray(0, 8)), raw);
      if (!answer.ok && receipts.length === 0) return answer;
      if (!answer.ok) break;
      receipts.push(await answer.text());
    }
    return new Response(receipts.join(""));
  }

  async #take(held: Held, id: string, seq: number, raw: Uint8Array): Promise<Response> {
    const chunk = await parseChunk(raw);
    const standing = held.chunks[seq];
    if (standing) return Buffer.from(standing.raw).equals(raw) ? new Response(this.forge(held.receipts[seq]!)) : refusal(409, "chunk_conflict");
    if (seq > held.chunks.length) return refusal(409, "chunk_out_of_order", { next: held.chunks.length });
    if (held.chunks.at(-1)?.isFinal) return refusal(409, "recording_closed");
    await checkChunk(held.header, chunk, held.chunks.at(-1)?.link ?? held.header.link);
    const text = `tocsin.receipt/v1\n${id}\n${seq}\n${base64(chunk.link)}\n5\n60\n`;
    held.chunks[seq] = chunk;
    held.receipts[seq] = `${text}\n${signLine(this.receiptKey, text)}`;
    return new Response(this.forge(held.receipts[seq]!));
  }

  async #giveShare(held: Held): Promise<Response> {
    if (!held.chunks.at(-1)?.isFinal) return refusal(409, "recording_open");
    if (!held.share) return refusal(410, "share_gone");
    const share = await openWith(identityOf(this.shareSeed), fromBase64url(held.share));
    return Response.json({ share: base64url(share) });
  }

  #rewrap(held: Held, { wraps, locator }: { wraps: string; locator: string }): Response {
    if (!held.share && held.wraps !== wraps) return refusal(403, "capability_wrong");
    held.share = "";
    held.wraps = wraps;
    held.locator = locator;
    return Response.json({});
  }
}

/** The seconds in a request: one, or several that each stand behind their length. */
function pieces(path: string, body: Uint8Array): Uint8Array[] {
  if (!path.endsWith("/chunks")) return [body];
  const found: Uint8Array[] = [];
  for (let at = 0, end = 0; at < body.length; at = end) {
    end = at + 4 + fromBigEndian(body.subarray(at, at + 4));
    found.push(body.slice(at + 4, end));
  }
  return found;
}

function refusal(status: number, code: string, more: object = {}, retryAfter?: number): Response {
  const headers: Record<string, string> = retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) };
  return Response.json({ code, message: "", id: "x", ...more }, { status, headers });
}
