// A push service and a browser's half of RFC 8291 by somebody else: npm web-push-testing on a port of the loopback.
const { createRequire } = require("node:module");
const own = createRequire(process.argv[2]);
const Server = own("web-push-testing/src/server.js");
const PushApiModel = own("web-push-testing/src/PushApiModel.js").PushApiModel;
new Server(new PushApiModel(), Number(process.argv[3])).startServer();
