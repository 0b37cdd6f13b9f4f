/**
 * After the last chunk is durable: the phone asks for its half back, opens the recording key once, draws the recovery words, and seals the
 * key anew to the same recipients less the return identity plus the words. The words are shown only after the node has the new wraps.
 */
import { base64url, sha256, wipe } from "../crypto/bytes.ts";
import { recipientOf, sealTo } from "../crypto/envelope.ts";
import { askNode, Patience, type Asked } from "../phone/ask_node.ts";
import type { Device } from "../phone/device.ts";
import { joinReturnIdentity, type Begun } from "./begin.ts";

/** Seven words, or undefined when the node no longer has its half: then there are none for this recording. Waits for the network. */
export async function drawWords(begun: Begun, device: Device, stop: AbortSignal): Promise<string[] | undefined> {
  const { id, upload } = begun.consignment;
  const path = `/encounters/${id}/return-share`;
  const told = await insist(device, { method: "POST", path, capability: upload }, stop);
  if (told === undefined) return undefined;
  const { recordingKey, recipient } = await joinReturnIdentity(begun.half, String(told["share"]), begun.wraps);
  try {
    const { draw, derive } = await import("../crypto/words.ts");
    const words = await draw();
    const { identity, locator } = await derive(words);
    const others = begun.recipients.filter((one) => one !== recipient);
    const wraps = await sealTo([...others, await recipientOf(identity)], recordingKey);
    const body = JSON.stringify({ wraps: base64url(wraps), locator: base64url(await sha256(locator)) });
    wipe(locator);
    const put: Asked = { method: "PUT", path: `/encounters/${id}/wraps`, capability: upload, body, type: "application/json" };
    return (await insist(device, put, stop)) === undefined ? undefined : words;
  } finally {
    wipe(recordingKey);
  }
}

/** Ask until the node answers with a JSON object. Undefined when it refuses or `stop` aborts. */
async function insist(device: Device, asked: Asked, stop: AbortSignal): Promise<Record<string, unknown> | undefined> {
  const patience = new Patience();
  while (!stop.aborted) {
    const answer = await askNode(device, asked, stop);
    const told = answer.kind === "good" ? readObject(answer.text) : undefined;
    if (told) return told;
    if (answer.kind === "refused") return undefined;
    await device.wait(patience.next(answer.kind === "later" ? answer.afterMs : undefined), stop);
  }
  return undefined;
}

/** A page that says 200 to everything (a hotel's network) must not pass for the node: words would be shown that open nothing. */
function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const told: unknown = JSON.parse(text);
    return typeof told === "object" && told !== null ? (told as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
