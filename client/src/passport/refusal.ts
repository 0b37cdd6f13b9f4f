/** What went wrong, in the person's language. */
import { AnswerRefused } from "../crypto/tokens.ts";
import { WordsWrong } from "../crypto/words.ts";
import { words } from "../ui/page.ts";
import { Refused } from "./ask_passport.ts";
import { ChangedElsewhere, NothingOpens } from "./box.ts";
import { KeysDoubted } from "./fetching.ts";
import { NoTokenLeft, RenewalGone } from "./passport.ts";

export function refusal(error: unknown): string {
  if (error instanceof NothingOpens) return words.say("passport.no_nothing_opens");
  if (error instanceof ChangedElsewhere) return words.say("passport.no_changed");
  if (error instanceof RenewalGone) return words.say("passport.no_renewal");
  if (error instanceof NoTokenLeft) return words.say("passport.no_left");
  if (error instanceof WordsWrong) return words.say("passport.no_words");
  if (error instanceof AnswerRefused) return words.say("passport.no_answer_refused");
  if (error instanceof KeysDoubted && error.isYoung) return words.say("passport.no_keys_young");
  if (error instanceof KeysDoubted) return words.say("passport.doubt", { why: error.why });
  const key = `passport.no_${error instanceof Refused ? error.code : "unexpected"}`;
  return words.say(words.has(key) ? key : "passport.no_unexpected");
}
