/** Coming into somebody's circle, staying, leaving. For the node all three are one request of one size: it cannot tell who left. */
import { base64url, fromBase64url, type Bytes } from "../crypto/bytes.ts";
import { letGo, subscriptionFor } from "../push/browser_push.ts";
import { post } from "../staff/ask.ts";
import { newNumber } from "./keys.ts";
import { forgetAll, memberships, messages, type Membership, type Neutral, onPhone } from "./member.ts";
import { fill, toldBy } from "./place.ts";

const PARTS_BYTES = 64;

/** What stands behind the # of a link; undefined for what is none. */
export function readLink(hash: string): Membership | undefined {
  try {
    const raw = fromBase64url(hash.replace(/^#/, ""));
    return raw.length === PARTS_BYTES ? { link: base64url(raw.slice(0, 32)), key: base64url(raw.slice(32)) } : undefined;
  } catch {
    return undefined;
  }
}

/** Ask the person, the browser, the push service and the node, in this order. `key` is the node's towards push services. */
export async function join(one: Membership, key: Bytes, neutral: Neutral): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") throw new DOMException("", "NotAllowedError");
  const told = toldBy(await subscriptionFor(key));
  const number = newNumber();
  await onPhone.put("neutral", neutral);
  await onPhone.put("trial", number);
  await post("/circle/trial", { subscription: told, number });
  await fill(one, told);
  const others = (await memberships(onPhone)).filter(({ link }) => link !== one.link);
  await onPhone.put("memberships", [...others, one]);
}

/** Leave: here at once, then at the node. Nobody is told. The browser's subscription goes with the last circle, unless it is shared. */
export async function leave(one: Membership, isShared: boolean): Promise<void> {
  const others = (await memberships(onPhone)).filter(({ link }) => link !== one.link);
  const kept = (await messages(onPhone, Math.floor(Date.now() / 1000))).filter(({ circle }) => circle !== one.key);
  if (others.length === 0) {
    await forgetAll();
    if (!isShared) await letGo();
  } else {
    await onPhone.put("memberships", others);
    await onPhone.put("messages", kept);
  }
  await fill(one, undefined);
}
