"""A lane is let go by whoever answers it without end: no stranger's server has the node do nothing else."""

import asyncio
from contextlib import suppress

import pytest

from tocsin.deliver.endpoint import Allowed
from tocsin.deliver.lane import ANSWER_S, MOST_ANSWER, Answer, Lane

pytestmark = pytest.mark.anyio
REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    "begins",
    [b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;"],
    ids=["a header's value", "a header's name", "what a chunk says of itself"],
)
async def test_an_answer_that_does_not_end_is_let_go_by_its_size(begins: bytes) -> None:
    taken = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        with suppress(OSError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(begins)
            while True:
                writer.write(b"a" * 16_384)
                await writer.drain()
                taken += 16_384
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    lane, answered = Lane(origin, Allowed([origin]), None, 1), asyncio.get_running_loop().create_future()
    async with asyncio.timeout(ANSWER_S / 2):
        lane.push(REQUEST, answered.set_result)
        assert await answered is Answer.FAILED
    assert taken < 64 * MOST_ANSWER, "what lies in the system's buffers and no more"
    lane.close()
    listening.close()
