"""Long answers, read part by part in one thread for all of them.

Two hundred who fetch at once take turns with each other there; in threads of their own they would take the interpreter from the event
loop in turns, and a second waited 7.6 s for its receipt where that was tried.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

_READER = ThreadPoolExecutor(1, "long-answers")
_END = object()


async def in_turns(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """What a blocking iterator gives, without blocking the event loop; after each part whoever else waits has their turn."""
    loop = asyncio.get_running_loop()
    while (part := await loop.run_in_executor(_READER, next, parts, _END)) is not _END:
        yield part  # type: ignore[misc]  # not the sentinel
