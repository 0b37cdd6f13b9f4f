/** What a person chose in the rehearsal, kept on this phone only: two words, nothing about anybody. */
export type Leaving = "keep" | "drop";
export type Sound = "off" | "on";

const PREFIX = "tocsin.";

/** What "leave now" does with sealed seconds that were not sent. Unchosen: they are kept, because dropping cannot be undone. */
export function leaving(): Leaving {
  return read("leave") === "drop" ? "drop" : "keep";
}

/** Whether a short sound marks start and end. Unchosen: silence. */
export function sound(): Sound {
  return read("sound") === "on" ? "on" : "off";
}

/** Keep a choice. A phone that refuses to keep anything keeps the silent and careful ones. */
export function choose(name: "leave" | "sound", value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Private windows may refuse.
  }
}

function read(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}
