/**
 * Reads the members of a stored zip (no compression, docs/spec/package.md) from a file of any size, without taking it into memory.
 * Rejects with `ZipMalformed` for anything a sealed export is not.
 */
export class ZipMalformed extends Error {}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const WIDE = 0xffffffff;

/** Member name -> its content. */
export async function members(file: Blob): Promise<Map<string, Blob>> {
  const directory = await findDirectory(file);
  const view = await viewOf(file, directory.at, directory.size);
  const found = new Map<string, Blob>();
  for (let at = 0; at + 46 <= view.byteLength; ) {
    if (view.getUint32(at, true) !== CENTRAL || view.getUint16(at + 10, true) !== 0) throw new ZipMalformed();
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const name = textOf(view, at + 46, nameBytes);
    const { size, offset } = place(view, at, at + 46 + nameBytes, extraBytes);
    if (found.has(name)) throw new ZipMalformed();
    found.set(name, await content(file, offset, size));
    at += 46 + nameBytes + extraBytes + view.getUint16(at + 32, true);
  }
  return found;
}

interface Place {
  readonly at: number;
  readonly size: number;
}

async function findDirectory(file: Blob): Promise<Place> {
  const from = Math.max(0, file.size - END_BYTES - LOCATOR_BYTES);
  const view = await viewOf(file, from, file.size - from);
  const end = view.byteLength - END_BYTES; // no archive comment: the end record is the last thing in the file
  if (end < 0 || view.getUint32(end, true) !== END) throw new ZipMalformed();
  const locator = end - LOCATOR_BYTES;
  if (locator >= 0 && view.getUint32(locator, true) === LOCATOR_64) return wideDirectory(file, whole(view, locator + 8));
  return { size: view.getUint32(end + 12, true), at: view.getUint32(end + 16, true) };
}

async function wideDirectory(file: Blob, at: number): Promise<Place> {
  const view = await viewOf(file, at, 56);
  if (view.getUint32(0, true) !== END_64) throw new ZipMalformed();
  return { size: whole(view, 40), at: whole(view, 48) };
}

/** Size and offset of a member, from its zip64 field where the short ones are full (APPNOTE 4.5.3). */
function place(view: DataView, record: number, extra: number, extraBytes: number): { size: number; offset: number } {
  let size = view.getUint32(record + 24, true);
  let offset = view.getUint32(record + 42, true);
  for (let at = extra; at + 4 <= extra + extraBytes; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let next = at + 4;
    if (size === WIDE) {
      size = whole(view, next);
      next += 16; // uncompressed and compressed size, which are the same
    }
    if (offset === WIDE) offset = whole(view, next);
  }
  return { size, offset };
}

async function content(file: Blob, offset: number, size: number): Promise<Blob> {
  const head = await viewOf(file, offset, 30);
  if (head.getUint32(0, true) !== LOCAL) throw new ZipMalformed();
  const begin = offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  if (begin + size > file.size) throw new ZipMalformed();
  return file.slice(begin, begin + size);
}

async function viewOf(file: Blob, at: number, size: number): Promise<DataView> {
  if (at < 0 || at + size > file.size) throw new ZipMalformed();
  return new DataView(await file.slice(at, at + size).arrayBuffer());
}

function textOf(view: DataView, at: number, bytes: number): string {
  return new TextDecoder().decode(new Uint8Array(view.buffer, at, bytes));
}

function whole(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ZipMalformed();
  return Number(value);
}
