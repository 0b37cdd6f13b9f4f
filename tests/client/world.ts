/** A phone with a node, and what the tests ask of them again and again. */
import { deleteUnsent } from "./storage.ts";
import { loads } from "../../client/src/crypto/canonical.ts";
import { identityOf, recipientOf } from "../../client/src/crypto/envelope.ts";
import { TYPE, type Inner } from "../../client/src/crypto/stream.ts";
import { Recorder } from "../../client/src/encounter/recorder.ts";
import type { RecorderState } from "../../client/src/encounter/state.ts";
import { publish } from "./fake_log.ts";
import { FakeNode } from "./fake_node.ts";
import { FakePhone, FakeRecorder, until } from "./fake_phone.ts";

export const DESK = identityOf(new Uint8Array(32).fill(9));

export interface World {
  phone: FakePhone;
  node: FakeNode;
  record(kind?: "encounter" | "rehearsal"): Promise<Recorder>;
}

/** A node with one proven desk key, and a phone that reaches it. */
export async function newWorld(): Promise<World> {
  await deleteUnsent();
  FakeRecorder.lateness = 0;
  FakeRecorder.sliceBytes = undefined;
  const [phone, node] = [new FakePhone(), new FakeNode()];
  phone.answer = node.answer;
  node.wait = phone.wait;
  node.desk = await publish(node.world, [{ age: await recipientOf(DESK) }], Math.floor(phone.wall() / 1000));
  return { phone, node, record: (kind = "encounter") => record(phone, node, kind) };
}

/** A second page of the same phone: same storage, its own time. */
export function nextPage({ phone, node }: World): World {
  const fresh = new FakePhone();
  fresh.clock = phone.clock + 1_000;
  fresh.answer = node.answer;
  node.wait = fresh.wait;
  return { phone: fresh, node, record: (kind = "encounter") => record(fresh, node, kind) };
}

async function record(phone: FakePhone, node: FakeNode, kind: "encounter" | "rehearsal"): Promise<Recorder> {
  const recorder = new Recorder({ config: await node.config(), kind, lang: "en", device: phone });
  await recorder.start();
  return recorder;
}

/** Stop and wait for the words. */
export async function finish(recorder: Recorder, phone: FakePhone): Promise<readonly string[]> {
  const stopping = recorder.stop();
  await until(() => ["words", "stopped"].includes(recorder.state.phase), "the end", phone);
  await stopping;
  return recorder.state.words ?? [];
}

export const states = (recorder: Recorder): RecorderState[] => {
  const seen: RecorderState[] = [];
  recorder.addEventListener("change", () => seen.push(recorder.state));
  return seen;
};

export const events = (inners: Inner[]): Record<string, unknown>[] =>
  inners.filter((inner) => inner.type === TYPE.event).map((inner) => loads(inner.body) as Record<string, unknown>);

export const names = (inners: Inner[]): unknown[] => events(inners).map((event) => event["event"]);

/** The originals: media bytes, cut where the recorder was started again. */
export function originals(inners: Inner[]): Buffer[] {
  const files: Buffer[][] = [[]];
  for (const inner of inners) {
    if (inner.type === TYPE.media) files.at(-1)!.push(Buffer.from(inner.body));
    if (inner.type === TYPE.event && (loads(inner.body) as Record<string, unknown>)["event"] === "restarted_media") files.push([]);
  }
  return files.map((file) => Buffer.concat(file));
}

export const only = (node: FakeNode): string => {
  const [id, ...others] = [...node.held.keys()];
  if (!id || others.length > 0) throw new Error("not exactly one recording");
  return id;
};
