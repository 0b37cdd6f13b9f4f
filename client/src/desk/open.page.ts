/** Open a sealed export on this device: check it, play it, read what happened to it. Nothing that is chosen here leaves the device. */
import { make } from "../ui/make.ts";
import { element, note, show, wayOut, words } from "../ui/page.ts";
import type { Opening } from "./opening.ts";

let opening: Opening | undefined;

element("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  void open();
});
element("close").addEventListener("click", () => {
  opening?.drop();
  location.reload();
});
element("sheet-make").addEventListener("click", () => void sheet());
element("sheet-print").addEventListener("click", () => print());
wayOut(() => opening?.drop());

async function open(): Promise<void> {
  const [sealed, identity] = [element<HTMLInputElement>("sealed"), element<HTMLInputElement>("identity")];
  const missing = [sealed, identity].find((field) => !field.files?.[0]);
  for (const field of [sealed, identity]) field.setAttribute("aria-invalid", String(field === missing));
  note("problem", missing ? words.say(`open.need_${missing.id}`) : "");
  if (missing) return missing.focus();
  show("working", true);
  try {
    const { begin } = await import("./opening.ts");
    opening?.drop();
    opening = await begin(sealed.files![0]!, await identity.files![0]!.text(), words, draw);
    identity.value = "";
    show("ask", false);
    show("opened", true);
    element("opened-title").focus();
    await opening.mount(element("player"), element("package"));
  } catch (error) {
    note("problem", words.say(`open.fault_${faultOf(error)}`));
  } finally {
    show("working", false);
  }
}

async function sheet(): Promise<void> {
  if (!opening) return;
  const progress = element<HTMLProgressElement>("sheet-progress");
  show("sheet-progress", true);
  const made = await opening.sheet((share) => (progress.value = share));
  show("sheet-progress", false);
  element("sheet").replaceChildren(made);
  show("sheet-print", true);
  made.querySelector<HTMLElement>("h1")?.focus();
}

/** The share that was read, and in the end what was checked and what happened. */
function draw(share: number, checks: readonly string[], history: readonly string[]): void {
  element<HTMLProgressElement>("reading").value = share;
  show("reading", share < 1);
  element("checks").replaceChildren(...checks.map((text) => make("li", {}, text)));
  element("history").replaceChildren(...history.map((text) => make("li", {}, text)));
  show("history-part", history.length > 0);
}

function faultOf(error: unknown): string {
  return (error as { fault?: string }).fault ?? "sealed";
}
