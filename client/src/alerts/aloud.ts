/**
 * Reads a question aloud where a person taps for it, with a voice that is on the phone: one from elsewhere would tell somebody what is read.
 */

/** Show `button` where there is such a voice, and let it read what `text` gives then. */
export function offerAloud(buttons: Iterable<HTMLElement>, text: (button: HTMLElement) => string): void {
  const speech = globalThis.speechSynthesis as SpeechSynthesis | undefined;
  if (!speech) return;
  const language = document.documentElement.lang;
  const voice = (): SpeechSynthesisVoice | undefined => speech.getVoices().find((one) => one.localService && one.lang.startsWith(language));
  const offer = (): void => {
    for (const button of buttons) button.hidden = !voice();
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      speech.cancel();
      const said = new SpeechSynthesisUtterance(text(button));
      said.voice = voice() ?? null;
      said.lang = language;
      speech.speak(said);
    });
  }
  speech.addEventListener?.("voiceschanged", offer);
  offer();
}
