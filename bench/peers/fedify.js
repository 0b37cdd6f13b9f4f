// An account on somebody else's server of the Fediverse: npm Fedify with one person, Ada. `PORT CERTIFICATE KEY`.
// Commands come as lines: `find HANDLE`, `follow`, `fetch ADDRESS`, `undo`. What came of each, and what comes in, goes out as JSON lines.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { createInterface } from "node:readline";
import { createFederation, generateCryptoKeyPair, MemoryKvStore } from "@fedify/fedify";
import { Accept, Create, Delete, Endpoints, Follow, Note, Person, Undo } from "@fedify/vocab";

const [port, certificate, key] = process.argv.slice(2);
const origin = `https://127.0.0.1:${port}`;
const say = (told) => console.log(JSON.stringify(told));
const pair = await generateCryptoKeyPair("RSASSA-PKCS1-v1_5");
const federation = createFederation({ kv: new MemoryKvStore(), allowPrivateAddress: true });

federation
  .setActorDispatcher("/users/{identifier}", async (context, identifier) => {
    if (identifier !== "ada") return null;
    const [own] = await context.getActorKeyPairs(identifier);
    return new Person({
      id: context.getActorUri(identifier),
      preferredUsername: identifier,
      inbox: context.getInboxUri(identifier),
      endpoints: new Endpoints({ sharedInbox: context.getInboxUri() }),
      publicKey: own.cryptographicKey,
    });
  })
  .setKeyPairsDispatcher(() => [pair]);
const came = (kind, read) => async (_, activity) => say({ came: kind, by: activity.actorId?.href, ...(await read(activity)) });
federation
  .setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .on(Accept, came("Accept", async (one) => ({ of: one.objectId?.href })))
  .on(Create, came("Create", async (one) => noteOf(await one.getObject())))
  .on(Delete, came("Delete", async (one) => ({ gone: one.objectId?.href ?? (await one.getObject())?.id?.href })));

const noteOf = (note) => ({ isNote: note instanceof Note, id: note?.id?.href, content: String(note?.content ?? "") });
const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
  const asked = new Request(`${origin}${request.url}`, { method: request.method, headers: request.headers, body });
  const answer = await federation.fetch(asked, { contextData: undefined });
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
});
await new Promise((listening) => server.listen(Number(port), "127.0.0.1", listening));
say({ up: origin });

const context = federation.createContext(new URL(origin), undefined);
const ada = context.getActorUri("ada");
let city;
let follow;
const acts = {
  async find(handle) {
    city = await context.lookupObject(handle);
    return { id: city?.id?.href, name: String(city?.name ?? ""), inbox: city?.inboxId?.href, kind: city?.constructor.name };
  },
  async follow() {
    follow = new Follow({ id: new URL(`${origin}/follows/1`), actor: ada, object: city.id });
    await context.sendActivity({ identifier: "ada" }, city, follow);
    return { sent: follow.id.href };
  },
  async fetch(address) {
    const loader = await context.getDocumentLoader({ identifier: "ada" });
    return noteOf(await context.lookupObject(address, { documentLoader: loader }));
  },
  async undo() {
    await context.sendActivity({ identifier: "ada" }, city, new Undo({ id: new URL(`${origin}/undos/1`), actor: ada, object: follow }));
    return { sent: "undo" };
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  const [name, argument] = line.split(" ");
  try {
    say({ did: name, ...(await acts[name](argument)) });
  } catch (error) {
    say({ did: name, error: String(error) });
  }
}
server.close();
