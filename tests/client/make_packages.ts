/** Makes packages with the browser's code under node: one for each line of JSON on standard input, answered by the SHA-256 of its bytes or the refusal's code. */
import { createHash } from "node:crypto";
import { openAsBlob } from "node:fs";
import { createInterface } from "node:readline";
import type { Decision } from "../../client/src/desk/package/withholding.ts";
import { readNotes } from "../../client/src/desk/custody.ts";
import { Opened } from "../../client/src/desk/opened.ts";
import { KeptLog } from "../../client/src/desk/package/log_source.ts";
import { makePackage } from "../../client/src/desk/package/make.ts";
import { Refusal } from "../../client/src/desk/package/refusal.ts";
import { readSealed } from "../../client/src/desk/sealed.ts";
import { WholeFile } from "../../client/src/desk/source.ts";

interface Asked {
  sealed: string;
  identity: string;
  seed: string;
  at: number;
  decisions: Record<string, Decision>;
}

async function made(asked: Asked): Promise<string> {
  const sealed = await readSealed(await openAsBlob(asked.sealed));
  const opened = await Opened.begin(sealed.header, sealed.wraps, asked.identity, new WholeFile(sealed.chunks));
  await opened.readOn();
  const notes = await readNotes(sealed.notes, opened.keys.custodySeed, opened.header.recordingId);
  const decisions = new Map(Object.entries(asked.decisions).map(([number, decision]) => [Number(number), decision] as const));
  const custodianSeed = asked.seed ? new Uint8Array(Buffer.from(asked.seed, "hex")) : undefined;
  const hash = createHash("sha256");
  const parts = makePackage({ opened, sealed, notes, log: new KeptLog(sealed.log), decisions, madeAt: asked.at, custodianSeed });
  for await (const part of parts) hash.update(part);
  return hash.digest("hex");
}

for await (const line of createInterface({ input: process.stdin })) {
  const told = await made(JSON.parse(line) as Asked).catch((error: unknown) => {
    if (error instanceof Refusal) return error.code;
    throw error;
  });
  console.log(told);
}
