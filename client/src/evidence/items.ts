/** Items behind their length (u32, big-endian), as `chunks.bin` and `notes.bin` hold them, read window by window. */
import type { Bytes } from "../crypto/bytes.ts";
import { ZipMalformed } from "./stored_zip.ts";

const WINDOW = 4 * 1024 * 1024;
/** No item is longer than a chunk: 1 MiB and its frame. */
const ITEM_LIMIT = 1024 * 1024 + 1024;

/** Every item of `file` in order, with how many bytes of it are behind us. Rejects with `ZipMalformed` where it was cut short. */
export async function* items(file: Blob): AsyncGenerator<{ item: Bytes; done: number }> {
  let at = 0;
  let window = new Uint8Array();
  let begin = 0;
  const need = async (count: number): Promise<Bytes> => {
    if (at - begin + count > window.length) {
      begin = at;
      window = new Uint8Array(await file.slice(at, at + Math.max(WINDOW, count)).arrayBuffer());
    }
    const bytes = window.slice(at - begin, at - begin + count);
    if (bytes.length !== count) throw new ZipMalformed();
    at += count;
    return bytes;
  };
  while (at < file.size) {
    const length = new DataView((await need(4)).buffer).getUint32(0);
    if (length > ITEM_LIMIT) throw new ZipMalformed();
    yield { item: await need(length), done: at };
  }
}
