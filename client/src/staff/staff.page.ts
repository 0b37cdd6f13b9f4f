/** Pages of staff without work of their own for a script: they are only not to be left open. */
import { wayOut } from "../ui/page.ts";
import { watchIdle } from "./idle.ts";
import { forget } from "./unlocked.ts";

wayOut(forget);
watchIdle();
