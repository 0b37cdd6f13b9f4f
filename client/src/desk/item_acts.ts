/** What a lawyer does with the recording in hand. What can be taken back is done at once; what cannot waits ten seconds. */
import { later, offer } from "../staff/undo.ts";
import { make } from "../ui/make.ts";
import { element, words } from "../ui/page.ts";
import { ask, type Turned } from "./ask_desk.ts";
import type { Following } from "./following.ts";
import type { Line } from "./lines.ts";
import type { Colleague, Ours } from "./ours.ts";

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
  offer(words.say("desk.did_take"), () => giveBack(hand, false));
}

async function decline({ line, ours, leave }: InHand): Promise<void> {
  const mark = await ours.mark(line.recording);
  await ask(line.recording, "decline", { body: { mark, undo: false } });
  leave();
  offer(words.say("desk.did_decline"), () => ask(line.recording, "decline", { body: { mark, undo: true } }));
}

async function giveBack({ line, ours, leave }: InHand, isTold = true): Promise<void> {
  const capability = ours.capability(line.recording);
  if (!capability) return;
  const send = (): Promise<unknown> => ask(line.recording, "give-back", { capability });
  if (!isTold) return void (await send());
  leave();
  later(words.say("desk.will_give_back"), send);
}

/** A steward's: what an absent colleague has waits again, for others. It opens nothing here. */
async function takeBack({ line, leave }: InHand): Promise<void> {
  leave();
  later(words.say("desk.will_take_back"), () => ask(line.recording, "take-back"));
}

async function put({ line, ours }: InHand, wanted: "finish" | "reopen", back: string): Promise<void> {
  const capability = ours.capability(line.recording)!;
  await ask(line.recording, wanted, { capability });
  offer(words.say(`desk.did_${wanted}`), () => ask(line.recording, back, { capability }));
}

async function freeze({ line, ours, leave }: InHand): Promise<void> {
  const capability = ours.capability(line.recording)!;
  leave();
  later(words.say("desk.will_freeze"), () => ask(line.recording, "freeze", { capability }));
}

async function handOver(hand: InHand): Promise<void> {
  const to = await chosenColleague(hand.ours);
  if (!to || !hand.following) return;
  const { line, ours, leave } = hand;
  const body = { ...(await ours.handedOver(line.recording, hand.following.wraps, to)) };
  const capability = ours.capability(line.recording)!;
  leave();
  later(words.say("desk.will_hand_over", { name: to.name }), () => ask(line.recording, "hand-over", { body, capability }));
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
