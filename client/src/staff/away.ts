/** Blanks the page while its window is not the one that somebody works in: a screen in a corridor shows nothing of anybody. */

export function blankWhileAway(): void {
  const look = (): void => void document.body.classList.toggle("away", !document.hasFocus() || document.hidden);
  for (const event of ["blur", "focus"]) addEventListener(event, look);
  document.addEventListener("visibilitychange", look);
}
