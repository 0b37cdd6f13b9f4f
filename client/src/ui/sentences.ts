/** The sentences of a page in its language, from the server's locale files: a script never holds a word of its own. */
export interface Forms {
  readonly one: string;
  readonly other: string;
}

type Values = Readonly<Record<string, string | number>>;

export class Sentences {
  readonly lang: string;
  readonly #texts: Readonly<Record<string, string | Forms>>;
  readonly #rule: Intl.PluralRules;

  constructor(lang: string, texts: Readonly<Record<string, string | Forms>>) {
    this.lang = lang;
    this.#texts = texts;
    this.#rule = new Intl.PluralRules(lang);
  }

  /** The sentence of `key` with `{name}` filled in. An unknown key gives the key: a test, not a person, must find it. */
  say(key: string, values: Values = {}): string {
    const text = this.#texts[key];
    return typeof text === "string" ? fill(text, values) : key;
  }

  /** The sentence of `key` in the plural form of `n`. */
  count(key: string, n: number): string {
    const forms = this.#texts[key];
    if (typeof forms !== "object") return key;
    return fill(this.#rule.select(n) === "one" ? forms.one : forms.other, { n: this.number(n) });
  }

  /** A word and what is said of it, with the colon as the language sets it. */
  titled(title: string, text: string): string {
    return `${title}${this.say("page.colon")} ${text}`;
  }

  has(key: string): boolean {
    return key in this.#texts;
  }

  number(value: number, digits = 0): string {
    return value.toLocaleString(this.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
