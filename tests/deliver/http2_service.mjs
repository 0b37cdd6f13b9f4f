// A push service of Node's own HTTP/2, which shares nothing with the sender. `CERTIFICATE KEY SETTINGS`; a line of JSON for each thing that came.
import { readFileSync } from "node:fs";
import { constants, createSecureServer } from "node:http2";

const [cert, key, settings] = process.argv.slice(2);
const say = (told) => process.stdout.write(`${JSON.stringify(told)}\n`);
let count = 0;
const server = createSecureServer({ cert: readFileSync(cert), key: readFileSync(key), allowHTTP1: true, settings: JSON.parse(settings) });
server.on("session", (session) => {
  say({ session: 1 });
  session.on("error", () => undefined);
});
server.on("request", (request, response) => {
  const [, status, more] = request.url.split("/");
  const parts = [];
  request.on("error", () => undefined);
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    say({ version: request.httpVersion, path: request.url, headers: request.headers, body: Buffer.concat(parts).toString("base64url") });
    if (status === "reset") return response.stream.close(constants.NGHTTP2_REFUSED_STREAM);
    if (status === "away") response.stream.session.goaway(constants.NGHTTP2_NO_ERROR, response.stream.id);
    if (status === "silent") return undefined;
    response.writeHead(Number(status) || 201, { location: `/message/${++count}`, ...(more ? { "retry-after": more } : {}) });
    response.end(status === "500" ? "x".repeat(50_000) : "");
  });
});
server.listen(0, "127.0.0.1", () => say({ port: server.address().port }));
