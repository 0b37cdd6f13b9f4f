/** The list of a circle, while it is open: who is in it, a letter for each, a link for each. */
import { make } from "../ui/make.ts";
import { element, note, put, show, words } from "../ui/page.ts";
import { twice } from "../ui/twice.ts";
import { type Contact, drop, linkFor, type List, write } from "./mine.ts";
import { drawQr } from "./qr.ts";

type Attempt = (act: () => Promise<void>) => Promise<void>;

export class ListView {
  list: List;
  readonly #attempt: Attempt;
  readonly #changed: () => void;
  #taken: readonly boolean[] = [];
  /** Whose letter is being written; undefined for a new person's. */
  #writing: number | undefined;

  constructor(list: List, attempt: Attempt, changed: () => void) {
    this.list = list;
    this.#attempt = attempt;
    this.#changed = changed;
    element("write").onsubmit = (event) => {
      event.preventDefault();
      void attempt(() => this.#write());
    };
    element("cancel-write").onclick = () => this.#fresh();
    element("link-done").onclick = () => this.#closeLink();
  }

  draw(taken: readonly boolean[]): void {
    this.#taken = taken;
    const rows = this.list.contacts.flatMap((contact, at) => (contact.name ? [this.#row(contact, at)] : []));
    element("people").replaceChildren(...rows);
    show("nobody", rows.length === 0);
    put("room", words.count("circle.room", this.list.contacts.length - rows.length));
  }

  /** Nothing of it stays on the page. */
  clear(): void {
    this.#fresh();
    this.#closeLink();
    element("people").replaceChildren();
  }

  #row({ name }: Contact, at: number): HTMLElement {
    const state = words.say(this.#taken[at] ? "circle.opened" : "circle.not_opened");
    const buttons = [
      this.#button("circle.show_link", name, () => void this.#attempt(() => this.#showLink(at))),
      this.#button("circle.write_anew", name, () => this.#begin(at)),
      this.#dropButton(name, at),
    ];
    return make("li", { className: "group" }, make("p", {}, make("strong", {}, name), ` ${state}`), make("div", { className: "acts" }, ...buttons));
  }

  #button(key: string, name: string, act: () => void): HTMLButtonElement {
    const made = make("button", { type: "button", className: "button" }, words.say(key));
    made.setAttribute("aria-label", words.titled(words.say(key), name));
    made.addEventListener("click", act);
    return made;
  }

  #dropButton(name: string, at: number): HTMLButtonElement {
    const word = make("span", {}, words.say("circle.drop"));
    const made = make("button", { type: "button", className: "button" }, word, make("span", { className: "unseen" }, `: ${name}`));
    twice({ button: made, word, again: words.say("circle.drop_again"), act: () => void this.#attempt(() => this.#drop(at)) });
    return made;
  }

  #begin(at: number): void {
    this.#writing = at;
    element<HTMLInputElement>("name").value = this.list.contacts[at]!.name;
    put("write-title", words.say("circle.write_for", { name: this.list.contacts[at]!.name }));
    show("cancel-write", true);
    element("text").focus();
  }

  async #write(): Promise<void> {
    const [name, text, plan] = ["name", "text", "plan"].map((id) => element<HTMLInputElement>(id).value.trim()) as [string, string, string];
    const at = this.#writing ?? this.list.contacts.findIndex((contact) => !contact.name);
    if (at < 0) return note("problem", words.say("circle.full"));
    if (!name || !text) return note("problem", words.say("circle.name_and_text"));
    const isNew = this.#writing === undefined;
    this.list = await write(this.list, at, name, { text, plan });
    this.#fresh();
    note("outcome", words.say("circle.saved", { name }));
    this.#changed();
    if (isNew) await this.#showLink(at);
  }

  async #drop(at: number): Promise<void> {
    const { name } = this.list.contacts[at]!;
    this.list = await drop(this.list, at);
    this.#closeLink();
    note("outcome", words.say("circle.dropped", { name }));
    this.#changed();
    element("list-title").focus();
  }

  async #showLink(at: number): Promise<void> {
    const contact = this.list.contacts[at]!;
    const link = `${location.origin}/${words.lang}/circle/join#${await linkFor(contact)}`;
    put("link-title", words.say("circle.link_for", { name: contact.name }));
    element("qr").replaceChildren(drawQr(link, words.say("circle.qr", { name: contact.name })));
    element<HTMLTextAreaElement>("link").value = link;
    const share = element("share");
    share.hidden = !("share" in navigator);
    share.onclick = () => void navigator.share({ url: link }).catch(() => undefined);
    show("link-part", true);
    element("link-title").focus();
  }

  #closeLink(): void {
    show("link-part", false);
    element("qr").replaceChildren();
    element<HTMLTextAreaElement>("link").value = "";
  }

  #fresh(): void {
    this.#writing = undefined;
    element<HTMLFormElement>("write").reset();
    put("write-title", words.say("circle.add"));
    show("cancel-write", false);
  }
}
