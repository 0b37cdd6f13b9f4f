/** The phone's own judgement of desk lists, for trials that are written in Python: cases on standard input, verdicts on standard output. */
import { readFileSync } from "node:fs";
import { provenKeys, type DeskKeys, type Trust } from "../../client/src/crypto/desk.ts";

interface Case {
  list: DeskKeys;
  trust: Trust;
  now: number;
  before?: DeskKeys;
  life?: number;
}

const cases = JSON.parse(readFileSync(0, "utf8")) as Case[];
const verdicts = [];
for (const { list, trust, now, before, life } of cases) {
  const { keys, dispatchers, refused } = await provenKeys(list, trust, now, { ...(before && { before }), ...(life && { lifeS: life }) });
  verdicts.push({ keys, dispatchers, reasons: refused.map((one) => one.reason) });
}
process.stdout.write(JSON.stringify(verdicts));
