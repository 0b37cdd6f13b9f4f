/** What stewards sign together: looked at in words, signed with keys that are open in this tab, handed in. */
import { config, element, note, show, wayOut, words } from "../ui/page.ts";
import { post } from "./ask.ts";
import { watchIdle } from "./idle.ts";
import { refusal } from "./refusal.ts";
import { confirm, fingerprint, made, propose, read, StatementWrong, type Fields, type Statement } from "./statement.ts";
import { forget, NotUnlocked, unlocked } from "./unlocked.ts";

wayOut(forget);
watchIdle();
for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-act]")) {
  button.addEventListener("click", () => void begin(button.dataset["act"]!, JSON.parse(button.dataset["fields"]!) as Fields));
}
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-act]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void begin(form.dataset["act"]!, typed(form));
  });
}
for (const item of document.querySelectorAll<HTMLElement>("li[data-signed]")) void list(item);

async function list(item: HTMLElement): Promise<void> {
  const [line, button] = [item.querySelector("span")!, item.querySelector("button")!];
  try {
    const signed = read(item.dataset["signed"]!, config.origin);
    // Before what takes a moment: whoever presses at once would be answered by nothing.
    button.addEventListener("click", () => void ask(signed.statement, (seed) => confirm(signed, seed)));
    line.textContent = (await told(signed.statement))[0]!;
  } catch {
    line.textContent = words.say("decide.no_statement");
    button.hidden = true;
  }
}

async function begin(act: string, fields: Fields): Promise<void> {
  const statement = made(act, fields, config.origin);
  await ask(statement, (seed) => propose(statement, seed));
}

/** Show what is to be signed, and sign it when the person says so. */
async function ask(statement: Statement, sign: (seed: Uint8Array) => Promise<string>): Promise<void> {
  const lines = (await told(statement)).map((text) => Object.assign(document.createElement("p"), { textContent: text }));
  element("sign-what").replaceChildren(...lines);
  show("sign-compare", statement.keys !== undefined);
  const dialog = element<HTMLDialogElement>("sign");
  element("sign-cancel").onclick = () => dialog.close();
  element("sign-do").onclick = () => {
    dialog.close();
    void handIn(sign);
  };
  dialog.showModal();
}

async function handIn(sign: (seed: Uint8Array) => Promise<string>): Promise<void> {
  note("problem", "");
  try {
    const { signingSeed } = await unlocked();
    const { acted } = await post<{ acted: boolean }>("/staff/statements", { signed: await sign(signingSeed) });
    signingSeed.fill(0);
    note("done", words.say(acted ? "decide.acted" : "decide.waits"));
    element("done").focus();
  } catch (error) {
    if (error instanceof NotUnlocked) return;
    note("problem", error instanceof StatementWrong ? words.say("decide.no_second") : refusal(error));
    element("problem").focus();
  }
}

/** A statement in words, its first line alone telling what it is. */
async function told(statement: Statement): Promise<string[]> {
  const named = `decide.act_${statement.act}`;
  const act = words.has(named) ? words.say(named) : statement.act;
  if (statement.keys) {
    const names = statement.keys.map((one) => one.name).join(", ");
    const lines = statement.keys.map(async (one) => words.titled(one.name, await fingerprint(one)));
    return [words.titled(act, names), ...(await Promise.all(lines))];
  }
  const days = Object.entries(statement.days ?? {}).map(([kind, count]) => words.titled(words.say(`kept.class_${kind}`), words.count("decide.days", count)));
  const reason = statement.reason ? [words.say(`decide.reason_${statement.reason}`)] : [];
  return [statement.recording ? words.titled(act, statement.recording) : act, ...reason, ...days];
}

function typed(form: HTMLFormElement): Fields {
  const fields = Object.fromEntries(new FormData(form)) as Record<string, string>;
  if (form.dataset["act"] !== "retention") return fields;
  const days = Object.fromEntries(Object.entries(fields).map(([kind, count]) => [kind, Number(count)]));
  return { number: Number(form.dataset["number"]), days };
}
