/** What went wrong, in the person's language. */
import { words } from "../ui/page.ts";
import { Refused } from "./ask.ts";
import { NoPrf } from "./passkey.ts";
import { SealWrong } from "./sealing.ts";

export function refusal(error: unknown): string {
  if (error instanceof NoPrf) return words.say("staff.no_prf");
  if (error instanceof SealWrong) return words.say("staff.no_door_unknown");
  if (error instanceof Refused) return refused(error);
  // The browser's own question was closed, or found nothing (WebAuthn level 3 tells no more on purpose).
  if (error instanceof DOMException) return words.say("staff.no_passkey");
  return words.say("staff.no_unexpected");
}

function refused(error: Refused): string {
  if (error.wait > 0) return words.count("staff.wait", error.wait);
  const key = `staff.no_${error.code}`;
  return words.say(words.has(key) ? key : "staff.no_unexpected");
}
