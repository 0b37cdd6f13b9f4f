/**
 * Plays a talk at the ear and says aloud who is on the line. A page cannot choose a phone's earpiece everywhere: it asks where the browser
 * lets it, and begins quietly where it does not.
 */
import type { Talk } from "./talk.ts";

const QUIET = 0.35;
/** A voice that does not come must not keep a call closed. */
const VOICE_MS = 2_500;

interface AudioSession {
  type: string;
}

export class Played {
  readonly sound = Object.assign(document.createElement("audio"), { autoplay: true });
  readonly picture = Object.assign(document.createElement("video"), { autoplay: true, playsInline: true, muted: true });

  constructor(talk: Talk, isAtEar: boolean) {
    if (isAtEar) {
      const session = (navigator as { audioSession?: AudioSession }).audioSession;
      if (session) session.type = "play-and-record"; // W3C Audio Session: the earpiece, where a phone has one
      this.sound.volume = QUIET;
    }
    this.sound.muted = true;
    this.sound.srcObject = talk.sound;
    this.picture.srcObject = talk.picture;
  }

  /** Let the others be heard. */
  open(): void {
    this.sound.muted = false;
    void this.sound.play().catch(() => undefined);
  }

  close(): void {
    this.sound.muted = true;
  }

  loud(isLoud: boolean): void {
    this.sound.volume = isLoud ? 1 : QUIET;
  }

  drop(): void {
    this.sound.srcObject = this.picture.srcObject = null;
  }
}

/** Say `text` in `lang`; resolves when it was said, or after a moment where there is no voice. */
export function speak(text: string, lang: string): Promise<void> {
  return new Promise((resolve) => {
    const voice = globalThis.speechSynthesis;
    setTimeout(resolve, VOICE_MS);
    if (!voice || voice.getVoices().length === 0) return resolve();
    const said = Object.assign(new SpeechSynthesisUtterance(text), { lang });
    said.addEventListener("end", () => resolve());
    said.addEventListener("error", () => resolve());
    voice.speak(said);
  });
}
