"""A node's memory keeps nothing of a request that is over (the seizure trial looks at the whole of it)."""

import asyncio
import subprocess
import sys
from typing import Any

from tests.serving import free_ports
from tocsin.forgetful import MEMORY
from tocsin.web.server import Wiped, server


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Takes a body, says 204."""
    if scope["type"] == "lifespan":
        for ended in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{ended}.complete"})
        return
    await receive()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_what_arrived_is_overwritten_as_soon_as_it_was_read() -> None:
    async def ask() -> bytes:
        running = server(answer, host="127.0.0.1", port=free_ports(1)[0], tls=None)
        serving = asyncio.create_task(running.serve())
        while not running.started:
            await asyncio.sleep(0)
        reader, writer = await asyncio.open_connection("127.0.0.1", running.config.port)
        writer.write(b"PUT /secret HTTP/1.1\r\nHost: here\r\nContent-Length: 70000\r\n\r\n" + b"secret " * 10_000)
        said = await reader.readline()
        writer.close()
        running.should_exit = True
        await serving
        return said

    assert b"204" in asyncio.run(ask())
    assert not any(Wiped._arriving)


def test_a_node_begins_anew_with_a_memory_that_overwrites_and_only_once() -> None:
    program = "from tocsin import forgetful; forgetful.begin(); import os; print(os.environ['PYTHONMALLOC'])"
    ran = subprocess.run([sys.executable, "-c", program, "kept"], env={}, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == MEMORY["PYTHONMALLOC"]
    assert "perturb" in MEMORY["GLIBC_TUNABLES"]
