/** What a lawyer does with the recording in hand. What can be taken back is done at once; what cannot waits ten seconds. */
import { base64url, join, wipe, type Bytes } from "../crypto/bytes.ts";
import { dumps, loads } from "../crypto/canonical.ts";
import { openWith, sealTo } from "../crypto/envelope.ts";
import { element, words } from "../ui/page.ts";
import { make } from "../ui/recover_parts.ts";
import { ask, type Turned } from "./ask_desk.ts";
import type { Following } from "./following.ts";
import type { Line } from "./lines.ts";
import { keyId, type Colleague, type Ours } from "./ours.ts";
import { later, offer } from "./undo.ts";

export type Act = "take" | "decline" | "open" | "give-back" | "hand-over" | "finish" | "reopen" | "freeze" | "take-back";

export interface InHand {
  readonly line: Line;
  readonly ours: Ours;
  /** The lawyer's pseudonym. */
  readonly me: string;
  readonly following: Following | undefined;
  /** Let go of it on this page. */
  readonly leave: () => void;
}

const KEY_BYTES = 32;

/** Rejects with `Refused`. */
export async function act(wanted: Act, hand: InHand): Promise<void> {
  const does: Partial<Record<Act, (hand: InHand) => Promise<void>>> = {
    take, decline, "take-back": takeBack, "give-back": giveBack, "hand-over": handOver, finish: (one) => put(one, "finish", "reopen"), reopen: (one) => put(one, "reopen", "finish"), freeze,
  };
  await does[wanted]?.(hand);
}

async function take(hand: InHand): Promise<void> {
  const { line, ours, me } = hand;
  const drawn = await ours.draw(line.recording);
  const body = { ...drawn, label: await ours.label(me), mark: await ours.mark(line.recording) };
  await ask<Turned>(line.recording, "take", { body });
  offer(words.say("desk.did_take"), () => void giveBack(hand, false));
}

async function decline({ line, ours, leave }: InHand): Promise<void> {
  const mark = await ours.mark(line.recording);
  await ask(line.recording, "decline", { body: { mark, undo: false } });
  leave();
  offer(words.say("desk.did_decline"), () => void ask(line.recording, "decline", { body: { mark, undo: true } }));
}

async function giveBack({ line, ours, leave }: InHand, isTold = true): Promise<void> {
  const capability = ours.capability(line.recording);
  if (!capability) return;
  const send = (): void => void ask(line.recording, "give-back", { capability });
  if (!isTold) return send();
  leave();
  later(words.say("desk.will_give_back"), send);
}

/** A steward's: what an absent colleague has waits again, for others. It opens nothing here. */
async function takeBack({ line, leave }: InHand): Promise<void> {
  leave();
  later(words.say("desk.will_take_back"), () => void ask(line.recording, "take-back"));
}

async function put({ line, ours }: InHand, wanted: "finish" | "reopen", back: string): Promise<void> {
  const capability = ours.capability(line.recording)!;
  await ask(line.recording, wanted, { capability });
  offer(words.say(`desk.did_${wanted}`), () => void ask(line.recording, back, { capability }));
}

async function freeze({ line, ours, leave }: InHand): Promise<void> {
  const capability = ours.capability(line.recording)!;
  leave();
  later(words.say("desk.will_freeze"), () => void ask(line.recording, "freeze", { capability }));
}

async function handOver(hand: InHand): Promise<void> {
  const to = await chosenColleague(hand.ours);
  if (!to || !hand.following) return;
  const { line, ours, leave } = hand;
  const body = await handedOver(hand.ours, line.recording, hand.following.wraps, to);
  const capability = ours.capability(line.recording)!;
  leave();
  later(words.say("desk.will_hand_over", { name: to.name }), () => void ask(line.recording, "hand-over", { body, capability }));
}

/** The recording key sealed to a colleague, with a fresh capability for them. The key is in memory for this moment. */
export async function handedOver(ours: Ours, recording: string, wraps: Bytes, to: Colleague): Promise<Record<string, string>> {
  const envelope = await openWith(ours.identity, wraps);
  const recipients = listed(envelope.subarray(KEY_BYTES));
  const sealed = await sealTo([to.recipient], join(envelope.subarray(0, KEY_BYTES), recipients));
  wipe(envelope);
  const drawn = await ours.draw(recording, to.recipient);
  return { ...drawn, label: await ours.label(to.name), wraps: base64url(sealed), to: await keyId(to.recipient) };
}

/** The owner's list of recipients goes with the key, so that whoever changes it later drops nobody unseen. */
function listed(after: Bytes): Bytes {
  try {
    return after.length > 0 ? dumps(loads(after)) : new Uint8Array(0);
  } catch {
    return new Uint8Array(0);
  }
}

/** Ask who gets it; undefined when nobody was chosen. */
function chosenColleague(ours: Ours): Promise<Colleague | undefined> {
  const others = ours.desk.filter((one) => one.recipient !== ours.recipient);
  const dialog = element<HTMLDialogElement>("hand-over");
  const list = element<HTMLSelectElement>("hand-over-to");
  list.replaceChildren(...others.map((one) => make("option", { value: one.recipient }, one.name)));
  element("hand-over-none").hidden = others.length > 0;
  element<HTMLButtonElement>("hand-over-do").disabled = others.length === 0;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "do" ? others.find((one) => one.recipient === list.value) : undefined), { once: true });
  });
}
