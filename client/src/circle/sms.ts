/** A prefilled SMS, for people without messages on their phone. It leads out of the browser, which ends a recording: so never beside one. */
import { isAnythingRecorded } from "../phone/lock.ts";

/** Offer `link` with `body`, unless something is being recorded in any page of this browser. The person chooses whom; no number is here. */
export async function offerSms(link: HTMLAnchorElement, body: string): Promise<void> {
  link.href = `sms:?&body=${encodeURIComponent(body)}`;
  link.hidden = await isAnythingRecorded().catch(() => true);
}
