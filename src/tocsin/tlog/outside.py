"""What the world outside a log has seen of it: the newest head that each witness keeps.

A head counts only under the log's own signature, so a witness cannot hold a log up with a story: one that is ahead shows
what the log itself signed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import httpx

from tocsin.errors import TocsinError
from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog.ask import MOST_ANSWER_BYTES, SECONDS
from tocsin.tlog.catch_up import prove_part
from tocsin.tlog.checkpoint import Checkpoint
from tocsin.tlog.log import Log
from tocsin.tlog.note import NoteMalformed, NoteUntrusted, VerifierKey
from tocsin.tlog.post import get


class LogBehind(TocsinError):
    """Somebody outside holds a head of this log that is newer than what is here: it was rolled back, or restored from an old copy."""

    code = "log_behind"
    status = 503
    message = (
        "Outside there is a newer checkpoint of this log than here: what is here is an old copy. It signs nothing, or there would be "
        "two logs under one name. Restore it with what came after (docs/run/backup.md)."
    )


@dataclass(frozen=True)
class Seen:
    """What one place outside shows of the log. `head` is `None` where it did not answer, or (`is_answer`) knows nothing of it."""

    who: str
    head: Checkpoint | None
    is_answer: bool = True


async def ask(client: httpx.AsyncClient, urls: Sequence[str], log: VerifierKey, seconds: float = SECONDS) -> list[Seen]:
    """The newest head that each witness at `urls` keeps, all asked at once."""
    return list(await asyncio.gather(*(_ask_one(client, url, log, seconds) for url in urls)))


def ahead_of(log: Log, seen: Sequence[Seen]) -> list[Seen]:
    """Those that are newer than `log`. Raises `LogForked` where one of the others is not of the same tree."""
    for one in seen:
        if one.head is not None and one.head.size <= log.size:
            prove_part(log, one.head)
    return [one for one in seen if one.head is not None and one.head.size > log.size]


async def refuse_behind(client: httpx.AsyncClient, urls: Sequence[str], log: Log) -> bool:
    """Raise `LogBehind` or `LogForked` where somebody outside has seen what this log does not hold.

    Whether that is settled: somebody answered, or there is nobody to ask.
    """
    seen = await ask(client, urls, log.vkey)
    if await asyncio.to_thread(ahead_of, log, seen):
        raise LogBehind
    return not seen or any(one.is_answer for one in seen)


async def _ask_one(client: httpx.AsyncClient, url: str, log: VerifierKey, seconds: float) -> Seen:
    place = f"{url.rstrip('/')}/{sha256(log.name.encode()).hexdigest()}/checkpoint"
    try:
        async with asyncio.timeout(seconds):
            answer = await get(client, place, MOST_ANSWER_BYTES)
        if answer.status != httpx.codes.OK:
            return Seen(url, None, is_answer=answer.status == httpx.codes.NOT_FOUND)
        return Seen(url, checkpoints.open_checkpoint(answer.body, log)[0])
    except (TimeoutError, httpx.HTTPError, NoteMalformed, NoteUntrusted):
        return Seen(url, None, is_answer=False)
