/** What happened to a recording, as rows of a table. */
import { make } from "../ui/make.ts";
import type { Sentences } from "../ui/sentences.ts";
import type { Act } from "./notes.ts";

export function makeActs(history: readonly Act[], words: Sentences): HTMLElement[] {
  return history.map(({ at, actor, action }) => {
    const when = new Date(at).toLocaleString(words.lang, { dateStyle: "medium", timeStyle: "short" });
    const [role, key] = actor.split(":", 2) as [string, string?];
    // Two lawyers are told apart by their keys, which stand in the public log.
    const who = [words.say(`recover.by_${role}`), ...(key ? [`(${key.slice(0, 8)})`] : [])].join(" ");
    const what = words.say(actKey(words, role, action));
    return make("tr", {}, make("td", {}, when), make("td", {}, who), make("td", {}, what));
  });
}

/** The sentence of an act. The node refuses pieces; of people, it is they who asked and were refused. */
export function actKey(words: Sentences, role: string, action: string): string {
  if (action === "refused" && role !== "node") return "recover.act_asked_in_vain";
  return words.has(`recover.act_${action}`) ? `recover.act_${action}` : "recover.act_other";
}
