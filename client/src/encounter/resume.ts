/**
 * What an earlier page left: sends its ciphertext, and tells a new recording which one it continues. Works in a service worker too.
 * Nothing here has keys, so a recording that was interrupted stays cut; it is a state, not an error.
 */
import type { Kind } from "../phone/config.ts";
import { thisPhone, type Device } from "../phone/device.ts";
import { droppedRecordings, forgetDropped } from "../phone/leaving.ts";
import { isBeingRecorded, sendAlone } from "../phone/lock.ts";
import { Unsent, type UnsentRecording } from "../phone/unsent.ts";
import { Uploader } from "./upload.ts";

/** A recording begun this soon after one that was cut continues it. */
export const CONTINUES_MS = 10 * 60 * 1000;

export interface Interrupted {
  readonly recording: string;
  readonly lastSeq: number;
  readonly at: number;
}

/** The newest recording of this kind that an earlier page cut off within `CONTINUES_MS`: an encounter goes on from no rehearsal and no film. */
export async function interrupted(unsent: Unsent, kind: Kind, nowMs: number): Promise<Interrupted | undefined> {
  const rows = await unsent.recordings();
  const isCut = (row: UnsentRecording) => !row.isClosed && row.sealed > 0 && nowMs - row.touched < CONTINUES_MS;
  const cut = rows.filter((row) => isCut(row) && (JSON.parse(row.create) as { kind: Kind }).kind === kind);
  for (const row of cut.sort((a, b) => b.touched - a.touched)) {
    if (!(await isBeingRecorded(row.id))) return { recording: row.id, lastSeq: row.sealed - 1, at: row.touched };
  }
  return undefined;
}

/**
 * Send what earlier pages left, one recording after the other. Resolves with the number of chunks sent; waits for the network. Nothing is kept
 * of the recording that was `left` on purpose once it is sent, closed or not: nobody will continue it.
 */
export async function sendUnsent(device: Device = thisPhone, stop?: AbortSignal, left?: string): Promise<number> {
  const unsent = await Unsent.open().catch(() => undefined);
  if (!unsent) return 0;
  let sent = 0;
  try {
    await dropUnsent(droppedRecordings(), unsent);
    for (const row of await unsent.recordings()) {
      sent += (await sendAlone(row.id, () => sendOne(unsent, row.id, device, stop, row.id === left))) ?? 0;
    }
  } finally {
    unsent.close();
  }
  return sent;
}

/** Drop the ciphertext of recordings that were left so. */
export async function dropUnsent(recordings: readonly string[], unsent: Unsent): Promise<void> {
  for (const id of recordings) await unsent.drop(id);
  if (recordings.length > 0) forgetDropped(recordings);
}

async function sendOne(unsent: Unsent, id: string, device: Device, stop: AbortSignal | undefined, isLeft: boolean): Promise<number> {
  const row = (await unsent.recordings()).find((one) => one.id === id);
  if (!row) return 0;
  const first = await unsent.firstSeq(id);
  const uploader = first === undefined ? undefined : uploaderOf(unsent, row, first, device);
  if (uploader) {
    const halt = () => uploader.stop();
    stop?.addEventListener("abort", halt, { once: true });
    if (!stop?.aborted) uploader.offer(row.sealed);
    await uploader.drained();
    stop?.removeEventListener("abort", halt);
  }
  const isDone = !uploader || uploader.safeSeq === row.sealed - 1;
  const isHopeless = uploader?.refusedBecause !== undefined;
  // A cut recording is remembered a little longer, so that the next one can say that it continues it.
  const isForgotten = isLeft || row.isClosed || device.wall() - row.touched >= CONTINUES_MS;
  if (isHopeless || (isDone && isForgotten)) await unsent.drop(id);
  return uploader ? uploader.safeSeq - (first ?? 0) + 1 : 0;
}

function uploaderOf(unsent: Unsent, row: UnsentRecording, first: number, device: Device): Uploader {
  const shelf = {
    chunk: (seq: number) => unsent.chunk(row.id, seq),
    safe: (seq: number) => void unsent.dropChunks(row.id, seq).catch(() => undefined),
  };
  return new Uploader(row, shelf, device, {}, first);
}
