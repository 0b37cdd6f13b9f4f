/** What a person chose in the rehearsal, kept on this phone only: three words, nothing about anybody. */
export type Leaving = "keep" | "drop";
export type Sound = "off" | "on";
export type Name = "own" | "plain";

const PREFIX = "tocsin.";

/** What "leave now" does with sealed seconds that were not sent. Unchosen: they are kept, because dropping cannot be undone. */
export function leaving(): Leaving {
  return read("leave") === "drop" ? "drop" : "keep";
}

/** Whether a short sound marks start and end. Unchosen: silence. */
export function sound(): Sound {
  return read("sound") === "on" ? "on" : "off";
}

/** The name and picture on the home screen: Tocsin's own, or ones that tell nothing. */
export function name(): Name {
  return read("name") === "plain" ? "plain" : "own";
}

/** Keep a choice. A phone that refuses to keep anything keeps the silent and careful ones. */
export function choose(what: "leave" | "sound" | "name", value: string): void {
  try {
    localStorage.setItem(PREFIX + what, value);
  } catch {
    // Private windows may refuse.
  }
}

function read(what: string): string | null {
  try {
    return localStorage.getItem(PREFIX + what);
  } catch {
    return null;
  }
}
