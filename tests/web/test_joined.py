"""Writes that leave together leave whole and in order."""

import asyncio
from typing import Any

from tocsin.web.joined import MOST_BYTES, JoinedWrites


class Sent(asyncio.Transport):
    """A transport that remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[bytes | str] = []
        self.is_gone = False

    def is_closing(self) -> bool:
        return self.is_gone

    def write(self, content: Any) -> None:
        if self.is_gone:
            raise RuntimeError("the handler is closed")  # as uvloop's
        self.said.append(content)

    def close(self) -> None:
        self.said.append("closed")

    def abort(self) -> None:
        self.said.append("aborted")


def test_writes_of_one_turn_leave_as_one() -> None:
    async def run() -> list[bytes | str]:
        sent = Sent()
        joined = JoinedWrites(sent, asyncio.get_running_loop())
        joined.write(b"head ")
        joined.write(b"body")
        assert not sent.said
        await asyncio.sleep(0)
        joined.write(b"next")
        await asyncio.sleep(0)
        return sent.said

    assert asyncio.run(run()) == [b"head body", b"next"]


def test_what_waits_goes_before_the_end_and_not_after_an_abort() -> None:
    async def run() -> tuple[list[bytes | str], list[bytes | str]]:
        closed, aborted = Sent(), Sent()
        loop = asyncio.get_running_loop()
        first, second = JoinedWrites(closed, loop), JoinedWrites(aborted, loop)
        first.write(b"last words")
        first.close()
        second.write(b"never sent")
        second.abort()
        await asyncio.sleep(0)
        return closed.said, aborted.said

    assert asyncio.run(run()) == ([b"last words", "closed"], ["aborted"])


def test_a_reader_who_leaves_in_the_same_turn_breaks_nothing() -> None:
    async def run() -> list[bytes | str]:
        sent, broken = Sent(), list[Any]()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, told: broken.append(told))
        joined = JoinedWrites(sent, loop)
        joined.write(b"to nobody")
        sent.is_gone = True
        await asyncio.sleep(0)
        joined.write(b"x" * (MOST_BYTES + 1))
        assert not broken
        return sent.said

    assert asyncio.run(run()) == []


def test_a_long_answer_does_not_wait() -> None:
    async def run() -> list[bytes | str]:
        sent = Sent()
        joined = JoinedWrites(sent, asyncio.get_running_loop())
        joined.write(b"head")
        joined.write(b"x" * MOST_BYTES)
        assert len(sent.said) == 1
        joined.write(b"tail")
        await asyncio.sleep(0)
        return sent.said

    assert asyncio.run(run()) == [b"head" + b"x" * MOST_BYTES, b"tail"]
