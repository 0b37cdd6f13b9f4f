// npm web-push in its faster form: keys and agent kept, many at once. `PORT COUNT AT_ONCE`; prints messages a second.
import { createECDH, randomBytes } from "node:crypto";
import { Agent } from "node:https";
import webpush from "web-push";

const [port, count, atOnce] = process.argv.slice(2).map(Number);
const vapidDetails = { subject: "mailto:op@city.example", ...webpush.generateVAPIDKeys() };
const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
const payload = Buffer.alloc(1000, 120);
const subscriptions = Array.from({ length: 200 }, (_, number) => {
  const browser = createECDH("prime256v1");
  browser.generateKeys();
  const keys = { p256dh: browser.getPublicKey("base64url"), auth: randomBytes(16).toString("base64url") };
  return { endpoint: `https://127.0.0.1:${port}/send/${number}`, keys };
});

async function send(from, to) {
  let next = from;
  const lane = async () => {
    while (next < to) await webpush.sendNotification(subscriptions[next++ % 200], payload, { vapidDetails, agent, TTL: 3600 });
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

await send(0, Math.min(200, count));
const began = process.hrtime.bigint();
await send(0, count);
console.log(count / (Number(process.hrtime.bigint() - began) / 1e9));
agent.destroy();
