/**
 * A control that acts only when it is meant: two separate taps within four seconds, or one press held for a second. Neither needs a drag
 * nor a steady hand, a keyboard works (Enter twice), and a single stray touch does nothing.
 */
export interface Twice {
  readonly button: HTMLElement;
  /** Where the words of the button stand. */
  readonly word: HTMLElement;
  /** What it says after the first tap. */
  readonly again: string;
  readonly act: () => void;
  readonly canHold?: boolean;
  /** It stands where another control was tapped: taps on the heels of one there do not arm it. */
  readonly needsRest?: boolean;
}

export const ARMED_MS = 4000;
export const HOLD_MS = 1000;
/** A hand that shakes or hammers taps several times a second, and means one tap. */
export const REST_MS = 700;

let before: [MouseEvent, number] | undefined;
let newest: typeof before;
// A keyboard, or what reads the screen aloud, has no count of taps.
document.addEventListener("click", (tap) => tap.detail && ([before, newest] = [newest, [tap, performance.now()]]), true);

/** Whether the tap before this one was a moment ago and where `button` stands now. */
function isHurried(button: HTMLElement, tap: MouseEvent): boolean {
  if (!before || tap !== newest?.[0] || newest[1] - before[1] >= REST_MS) return false;
  return button.contains(document.elementFromPoint(before[0].clientX, before[0].clientY));
}

export function twice({ button, word, again, act, canHold = false, needsRest = false }: Twice): void {
  const unarmed = word.textContent;
  let isHeld = false;
  let holding: ReturnType<typeof setTimeout> | undefined;
  let armed: ReturnType<typeof setTimeout> | undefined;

  const disarm = () => {
    clearTimeout(armed);
    armed = undefined;
    button.classList.remove("armed");
    word.textContent = unarmed;
  };
  const release = () => {
    clearTimeout(holding);
    button.classList.remove("holding");
  };
  const fire = () => {
    release();
    disarm();
    act();
  };

  button.addEventListener("click", (tap) => {
    if (isHeld) isHeld = false;
    else if (armed !== undefined) fire();
    else if (!needsRest || !isHurried(button, tap)) {
      button.classList.add("armed");
      word.textContent = again;
      armed = setTimeout(disarm, ARMED_MS);
    }
  });
  // A key that is kept down taps again and again: the one that began a recording would end it on the control that came into its place.
  button.addEventListener("keydown", (event) => event.repeat && event.preventDefault());
  if (!canHold) return;
  button.addEventListener("pointerdown", () => {
    isHeld = false;
    button.classList.add("holding");
    holding = setTimeout(() => {
      isHeld = true;
      fire();
    }, HOLD_MS);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) button.addEventListener(end, release);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}
