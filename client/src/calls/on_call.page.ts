/** Where a volunteer listens to calls that no lawyer is free for. A lawyer does so at the desk. */
import { watchIdle } from "../staff/idle.ts";
import { forget, me, unlocked } from "../staff/unlocked.ts";
import { wayOut } from "../ui/page.ts";

let leave: () => void = () => undefined;

watchIdle();
wayOut(() => {
  leave();
  forget();
});
if (document.getElementById("on-call")) {
  void import("./on_call.ts").then(({ leaveOnCall, prepareOnCall }) => {
    leave = leaveOnCall;
    prepareOnCall({ identity: async () => (await unlocked()).identity, name: me?.pseudonym ?? "", openBeside: () => Promise.resolve() });
  });
}
