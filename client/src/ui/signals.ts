/** Signals for hand and ear: a distinct vibration when the network goes and when it comes back; a short sound only where it was chosen. */
import { sound } from "./choices.ts";

const PATTERNS = { lost: [300, 100, 300], back: [80] } as const;

export function vibrate(what: keyof typeof PATTERNS): void {
  navigator.vibrate?.([...PATTERNS[what]]);
}

/** A tone of 150 ms: higher at the start of a recording, lower at its end. Silent unless the person chose otherwise. */
export function tone(what: "start" | "end"): void {
  if (sound() !== "off") play(what === "start" ? 880 : 440);
}

/** Something new at a desk, whose page asked whether it may sound. */
export function chime(): void {
  play(660);
}

function play(hertz: number): void {
  const speaker = new AudioContext();
  const voice = speaker.createOscillator();
  voice.frequency.value = hertz;
  voice.connect(speaker.destination);
  voice.addEventListener("ended", () => void speaker.close());
  voice.start();
  voice.stop(speaker.currentTime + 0.15);
}
