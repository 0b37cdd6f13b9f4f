/**
 * The strict kind of zip (docs/spec/package.md): the file must be, byte by byte, what its own directory makes of it.
 * Read by ranges of a Blob, so that a package of hours is never in memory.
 */
import { isSame, join, type Bytes } from "../crypto/bytes.ts";
import { Unreadable, Wrong } from "./report.ts";

const LARGE = 0xffffffff;
const DAY_ONE = 33;
const PLAIN_FILE = 0o100644 * 0x10000;
const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR_BYTES = 20;
const MOST_DIRECTORY = 64 * 1024 * 1024;

export interface Member {
  readonly name: string;
  readonly crc: number;
  readonly size: number;
  /** Where its local header begins. */
  readonly at: number;
  /** Where its content begins. */
  readonly start: number;
}

export async function slice(file: Blob, at: number, length: number): Promise<Bytes> {
  if (at < 0) return new Uint8Array(0);
  return new Uint8Array(await file.slice(at, at + length).arrayBuffer());
}

/** Every member. Throws `Wrong("layout")`, or `Unreadable` for what does not begin like a package. */
export async function readMembers(file: Blob): Promise<Member[]> {
  const start = await slice(file, 0, 40);
  if (start[0] !== 0x50 || start[1] !== 0x4b || start[2] !== 3 || start[3] !== 4) throw new Unreadable("this is no zip file");
  if (latin1(start.subarray(30)) === "header.bin") throw new Unreadable("this is a sealed export: make a package of it first");
  const { count, size, at, end } = await readEnd(file);
  if (size > MOST_DIRECTORY || at + size + end.length !== file.size) throw new Wrong("layout", "end of the directory");
  if (!isSame(await slice(file, at + size, end.length), end)) throw new Wrong("layout", "end of the directory");
  const members = splitDirectory(await slice(file, at, size), count);
  const last = members.at(-1);
  if (members.length !== count || (last ? last.start + last.size : 0) !== at) throw new Wrong("layout", "members and directory do not meet");
  for (const member of members) {
    const local = localHeader(member);
    if (!isSame(await slice(file, member.at, local.length), local)) throw new Wrong("layout", member.name);
  }
  return members;
}

async function readEnd(file: Blob): Promise<{ count: number; size: number; at: number; end: Bytes }> {
  const tail = await slice(file, file.size - END_BYTES, END_BYTES);
  if (tail.length !== END_BYTES || latin1(tail.subarray(0, 4)) !== "PK\x05\x06") throw new Wrong("layout", "no end record at the end of the file");
  const view = new DataView(tail.buffer);
  const count = view.getUint16(10, true);
  let [size, at] = [view.getUint32(12, true), view.getUint32(16, true)];
  if (size === LARGE || at === LARGE) {
    const wide = await slice(file, file.size - END_BYTES - LOCATOR_BYTES - END64_BYTES, END64_BYTES);
    if (wide.length !== END64_BYTES) throw new Wrong("layout");
    const longer = new DataView(wide.buffer);
    [size, at] = [u64(longer, 40), u64(longer, 48)];
  }
  return { count, size, at, end: endRecords(count, size, at) };
}

function splitDirectory(raw: Bytes, most: number): Member[] {
  const members: Member[] = [];
  const view = new DataView(raw.buffer);
  let [at, place] = [0, 0];
  while (at < raw.length) {
    if (at + 46 > raw.length || members.length === most) throw new Wrong("layout");
    const [nameBytes, extraBytes] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true)];
    const name = latin1(raw.subarray(at + 46, at + 46 + nameBytes));
    const end = at + 46 + nameBytes + extraBytes;
    let size = view.getUint32(at + 24, true);
    if (end > raw.length) throw new Wrong("layout", name);
    if (size === LARGE) {
      if (extraBytes < 12) throw new Wrong("layout", name);
      size = u64(view, at + 46 + nameBytes + 4);
    }
    const start = place + 30 + nameBytes + (size >= LARGE ? 20 : 0);
    const member = { name, crc: view.getUint32(at + 16, true), size, at: place, start };
    if (!isSame(raw.subarray(at, end), centralRecord(member))) throw new Wrong("layout", name);
    members.push(member);
    [at, place] = [end, start + size];
  }
  return members;
}

/** The only local header this member may have. */
function localHeader(member: Member): Bytes {
  const extra = member.size >= LARGE ? join(u16s(1, 16), u64s(member.size, member.size)) : new Uint8Array(0);
  const short = Math.min(member.size, LARGE);
  const name = bytesOf(member.name);
  const head = join(bytesOf("PK\x03\x04"), u16s(extra.length ? 45 : 20, 0, 0, 0, DAY_ONE), u32s(member.crc, short, short));
  return join(head, u16s(name.length, extra.length), name, extra);
}

/** The only directory record this member may have. */
function centralRecord(member: Member): Bytes {
  const wide = [...(member.size >= LARGE ? [member.size, member.size] : []), ...(member.at >= LARGE ? [member.at] : [])];
  const extra = wide.length ? join(u16s(1, 8 * wide.length), u64s(...wide)) : new Uint8Array(0);
  const [version, short, name] = [extra.length ? 45 : 20, Math.min(member.size, LARGE), bytesOf(member.name)];
  const head = join(bytesOf("PK\x01\x02"), u16s(0x300 + version, version, 0, 0, 0, DAY_ONE), u32s(member.crc, short, short));
  const rest = join(u16s(name.length, extra.length, 0, 0, 0), u32s(PLAIN_FILE, Math.min(member.at, LARGE)));
  return join(head, rest, name, extra);
}

/** The only end this directory may have. */
function endRecords(count: number, size: number, at: number): Bytes {
  const end = join(bytesOf("PK\x05\x06"), u16s(0, 0, count, count), u32s(Math.min(size, LARGE), Math.min(at, LARGE)), u16s(0));
  if (size < LARGE && at < LARGE) return end;
  const wide = join(bytesOf("PK\x06\x06"), u64s(44), u16s(0x300 + 45, 45), u32s(0, 0), u64s(count, count, size, at));
  return join(wide, bytesOf("PK\x06\x07"), u32s(0), u64s(at + size), u32s(1), end);
}

function u64(view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true));
  if (!Number.isSafeInteger(value)) throw new Wrong("layout");
  return value;
}

function u16s(...values: number[]): Bytes {
  return filled(values, 2, (view, at, value) => view.setUint16(at, value, true));
}

function u32s(...values: number[]): Bytes {
  return filled(values, 4, (view, at, value) => view.setUint32(at, value, true));
}

function u64s(...values: number[]): Bytes {
  return filled(values, 8, (view, at, value) => view.setBigUint64(at, BigInt(value), true));
}

function filled(values: number[], width: number, put: (view: DataView, at: number, value: number) => void): Bytes {
  const bytes = new Uint8Array(values.length * width);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => put(view, i * width, value));
  return bytes;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function bytesOf(text: string): Bytes {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
