/** What a phone writes into its place in a circle: where it is reached, or that it left. One size, one request. */
import { base64url, fromBase64url } from "../crypto/bytes.ts";
import { placeOf, sealEndpoint } from "./keys.ts";
import { memberships, type Membership, onPhone } from "./member.ts";
import { post } from "../staff/ask.ts";

/** `told` undefined: this phone has left. */
export async function fill({ link }: Membership, told: object | undefined): Promise<void> {
  const secret = fromBase64url(link);
  await post("/circle/place", { place: base64url(await placeOf(secret)), box: base64url(await sealEndpoint(secret, told)) });
}

/** Write this phone's subscription anew into every circle it is in: browsers change it now and then. */
export async function refill(subscription: PushSubscription | null): Promise<void> {
  if (!subscription) return;
  for (const one of await memberships(onPhone)) await fill(one, toldBy(subscription)).catch(() => undefined);
}

export function toldBy(subscription: PushSubscription): object {
  const { endpoint, keys } = subscription.toJSON();
  return { endpoint, keys: { p256dh: keys?.["p256dh"], auth: keys?.["auth"] } };
}
