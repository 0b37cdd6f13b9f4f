/**
 * The beginning of a recording: keys, recipients, and the body that makes it on the node. Needs no network.
 *
 * When this returns, the recording key exists only inside `wraps`, sealed to its recipients, and the return identity only as two halves, one
 * here and one sealed to the node (docs/spec/http.md, "Return share"): neither opens anything alone.
 */
import { base64url, fromBase64url, randomBytes, sha256, wipe, type Bytes } from "../crypto/bytes.ts";
import type { Refusal } from "../crypto/desk.ts";
import { identityOf, openWith, recipientOf, sealTo } from "../crypto/envelope.ts";
import { Writer } from "../crypto/stream.ts";
import type { Kind } from "../phone/config.ts";
import type { Recipients, RecipientsNote } from "../phone/desk_list.ts";
import type { RecorderState } from "./state.ts";
import type { Consignment } from "./upload.ts";

export interface Begun {
  readonly writer: Writer;
  readonly consignment: Consignment;
  /** The phone's half of the return identity. Overwritten when it was used or dropped. */
  readonly half: Bytes;
  /** The age file with the recording key. */
  readonly wraps: Bytes;
  readonly recipients: readonly string[];
  readonly recipientsNote: RecipientsNote;
  readonly deskReason?: Refusal;
  readonly deskSeenAt?: number;
}

/** Make a recording. Rejects when `shareRecipient` is no age recipient: nobody could then open it from this phone. */
export async function begin(kind: Kind, to: Recipients, shareRecipient: string): Promise<Begun> {
  const recordingKey = randomBytes(32);
  const capability = randomBytes(32);
  try {
    const writer = await Writer.begin(recordingKey);
    const share = await splitReturnIdentity(shareRecipient);
    const recipients = [...to.desk, share.recipient];
    const wraps = await sealTo(recipients, recordingKey);
    const create = JSON.stringify({
      header: base64url(writer.header),
      kind,
      upload: base64url(await sha256(capability)),
      owner: base64url(writer.ownerDigest),
      custody_public: base64url(writer.custodyPublic),
      wraps: base64url(wraps),
      return_share: base64url(share.sealed),
    });
    const consignment = { id: base64url(writer.recordingId), upload: base64url(capability), create };
    const told = { ...(to.reason && { deskReason: to.reason }), ...(to.seenAt !== undefined && { deskSeenAt: to.seenAt }) };
    return { writer, consignment, half: share.half, wraps, recipients, recipientsNote: to.note, ...told };
  } finally {
    wipe(recordingKey);
  }
}

/** What the screens say of whom a recording is sealed for. */
export function sealedFor({ recipientsNote, deskReason, deskSeenAt }: Begun): Pick<RecorderState, "recipients" | "deskReason" | "deskSeenAt"> {
  return { recipients: recipientsNote, ...(deskReason && { deskReason }), ...(deskSeenAt !== undefined && { deskSeenAt }) };
}

async function splitReturnIdentity(shareRecipient: string): Promise<{ recipient: string; half: Bytes; sealed: Bytes }> {
  const seed = randomBytes(32);
  const half = randomBytes(32);
  const other = exclusiveOr(seed, half);
  try {
    return { recipient: await recipientOf(identityOf(seed)), half, sealed: await sealTo([shareRecipient], other) };
  } finally {
    wipe(seed, other);
  }
}

/** The recording key, by the phone's half and the node's. Both halves are overwritten. */
export async function joinReturnIdentity(half: Bytes, share: string, wraps: Bytes): Promise<{ recordingKey: Bytes; recipient: string }> {
  const other = fromBase64url(share);
  const seed = exclusiveOr(half, other);
  try {
    const identity = identityOf(seed);
    return { recordingKey: await openWith(identity, wraps), recipient: await recipientOf(identity) };
  } finally {
    wipe(seed, half, other);
  }
}

function exclusiveOr(a: Bytes, b: Bytes): Bytes {
  return a.map((byte, i) => byte ^ b[i]!);
}
