"""A node's memory keeps nothing of a request that is over (the seizure trial looks at the whole of it)."""

import asyncio
import gc
import subprocess
import sys
from typing import Any

import pytest

from tests.serving import free_ports
from tocsin.errors import TocsinError
from tocsin.forgetful import MEMORY
from tocsin.web.headers import Site
from tocsin.web.server import Wiped, server
from tocsin.web.shortcut import Headers, Shortcut


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


async def nothing(path: str, headers: Headers, body: bytes) -> bytes:
    return b""


def refused(error: Exception) -> tuple[TocsinError, str]:
    raise error


SHORTCUT = Shortcut(lambda _: True, 10, nothing, refused, Site())


@pytest.mark.parametrize("then", ["silent", "closed"])
@pytest.mark.parametrize("shortcut", [None, SHORTCUT], ids=["asgi", "shortcut"])
def test_an_answered_request_is_let_go_without_a_collection(then: str, shortcut: Shortcut | None) -> None:
    secret = b"Tocsin a-capability-that-nobody-may-find"

    async def ask() -> list[Any]:
        running = server(answer, host="127.0.0.1", port=free_ports(1)[0], tls=None, shortcut=shortcut)
        serving = asyncio.create_task(running.serve())
        while not running.started:
            await asyncio.sleep(0)
        reader, writer = await asyncio.open_connection("127.0.0.1", running.config.port)
        writer.write(b"PUT /here HTTP/1.1\r\nHost: here\r\nAuthorization: %s\r\nContent-Length: 1\r\n\r\n." % secret)
        await reader.readuntil(b"\r\n\r\n")
        if then == "closed":
            writer.close()
        for _ in range(100):  # turns of the loop in which the server notices
            await asyncio.sleep(0)
        found = [
            one
            for one in gc.get_objects()
            if isinstance(one, list) and any(secret in pair for pair in one if isinstance(pair, tuple))
        ]
        writer.close()
        running.should_exit = True
        await serving
        return found

    gc.collect()
    gc.disable()
    try:
        assert asyncio.run(ask()) == []
    finally:
        gc.enable()


def test_a_node_begins_anew_with_a_memory_that_overwrites_and_only_once() -> None:
    program = "from tocsin import forgetful; forgetful.begin(); import os; print(os.environ['PYTHONMALLOC'])"
    ran = subprocess.run([sys.executable, "-c", program, "kept"], env={}, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == MEMORY["PYTHONMALLOC"]
    assert "perturb" in MEMORY["GLIBC_TUNABLES"]
