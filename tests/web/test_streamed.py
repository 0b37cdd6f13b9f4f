"""Long answers take turns in one thread."""

import asyncio
import threading
from collections.abc import Iterator

from tocsin.web.streamed import in_turns


def test_many_long_answers_are_whole_in_turns_and_use_one_thread() -> None:
    threads, order = set[int](), list[int]()

    def parts(number: int) -> Iterator[bytes]:
        for at in range(20):
            threads.add(threading.get_ident())
            order.append(number)
            yield bytes([number, at])

    async def read(number: int) -> bytes:
        return b"".join([part async for part in in_turns(parts(number))])

    async def all_at_once() -> list[bytes]:
        return await asyncio.gather(*map(read, range(10)))

    assert asyncio.run(all_at_once()) == [bytes(x for at in range(20) for x in (number, at)) for number in range(10)]
    assert len(threads) == 1
    assert threads != {threading.get_ident()}
    # Nobody is through before everybody has had half.
    assert all(order[: len(order) // 2 + 20].count(number) >= 8 for number in range(10))


def test_what_a_part_raises_reaches_the_answer() -> None:
    def parts() -> Iterator[bytes]:
        yield b"whole"
        raise OSError("the disk")

    async def read() -> list[bytes]:
        got: list[bytes] = []
        try:
            async for part in in_turns(parts()):
                got.append(part)
        except OSError:
            got.append(b"raised")
        return got

    assert asyncio.run(read()) == [b"whole", b"raised"]
