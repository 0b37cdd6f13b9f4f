/** Pages of staff without work of their own for a script: they are not to be left open, and what is on them may be wanted on paper. */
import { wayOut } from "../ui/page.ts";
import { watchIdle } from "./idle.ts";
import { forget } from "./unlocked.ts";

wayOut(forget);
watchIdle();
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
