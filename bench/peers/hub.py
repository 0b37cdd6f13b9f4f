"""The hub behind the node's own server: `PORT`. `POST /show` shows its body to everybody, `GET /stream` is the stream."""

import asyncio
import gc
import sys
from typing import Any

from tocsin.clock import SystemClock
from tocsin.deliver.model import Kind, Message
from tocsin.deliver.sse import Hub
from tocsin.web.body import read_body
from tocsin.web.headers import Site, with_headers
from tocsin.web.server import server

CLOCK = SystemClock()
HUB = Hub(CLOCK, most_clients=60_000)


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        while (told := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{told['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["method"] == "GET":
        await HUB(scope, receive, send)
    else:
        body = await read_body(scope, receive, 4_096)
        HUB.show(Message(CLOCK.random_bytes(16), Kind.ALERT, body, CLOCK.now_ms() + 600_000))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def main(port: int) -> None:
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)
    running = server(with_headers(application, Site()), host="127.0.0.1", port=port, tls=None)
    await running.serve()


if __name__ == "__main__":
    import uvloop

    uvloop.install()
    asyncio.run(main(int(sys.argv[1])))
