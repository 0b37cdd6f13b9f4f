/** The legal desk. Who is no lawyer has a page without a list, and nothing of the console is loaded for them. */
import { watchIdle } from "../staff/idle.ts";
import { forget } from "../staff/unlocked.ts";
import { wayOut } from "../ui/page.ts";

if (document.getElementById("lines")) void import("./console.ts");
else {
  watchIdle();
  wayOut(forget);
}
