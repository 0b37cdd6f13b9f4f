/** What a dispatcher began to write of each matter: in this tab's memory alone, kept through an outage and while another matter is looked at. */
import { element } from "../ui/page.ts";

const CHOSEN = ["draft-kind", "draft-area", "draft-life"] as const;
const WRITTEN = ["hand-note", "threat-text"] as const;
type Field = HTMLSelectElement | HTMLTextAreaElement;

export class Drafts {
  readonly #begun = new Map<string, Map<string, string>>();

  /** Keep what is typed or chosen below `place`, for the matter that `of` names then. */
  listen(place: HTMLElement, of: () => string): void {
    place.addEventListener("input", ({ target }) => {
      const { id, value } = target as Field;
      if (([...CHOSEN, ...WRITTEN] as readonly string[]).includes(id)) this.#of(of()).set(id, value);
    });
  }

  /** Show what was begun for a matter: its own words, or none. */
  restore(matter: string): void {
    const begun = this.#begun.get(matter);
    for (const id of WRITTEN) element<Field>(id).value = begun?.get(id) ?? "";
    for (const id of CHOSEN) if (begun?.has(id)) element<Field>(id).value = begun.get(id)!;
  }

  /** What would be published, as it stands on the page, unless somebody began to change it. */
  offer(matter: string, values: readonly [kind: string, area: string, life: string]): void {
    if (CHOSEN.some((id) => this.#begun.get(matter)?.has(id))) return;
    CHOSEN.forEach((id, at) => (element<Field>(id).value = values[at]!));
  }

  /** It was sent. */
  sent(matter: string, what: "draft" | "hand-over" | "threat"): void {
    const ids = { draft: CHOSEN, "hand-over": ["hand-note"], threat: ["threat-text"] }[what];
    for (const id of ids) this.#begun.get(matter)?.delete(id);
    if (what !== "draft") for (const id of ids) element<Field>(id).value = "";
  }

  #of(matter: string): Map<string, string> {
    const known = this.#begun.get(matter) ?? new Map<string, string>();
    this.#begun.set(matter, known);
    return known;
  }
}
