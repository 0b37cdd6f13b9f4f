"""Receive several seconds that come in one request: a phone with a long way to its node falls behind with one a request (ADR 18).

Each is received as if it had come alone, and as soon as it is here whole: of a request that breaks off on its way every second that
had come is kept.
"""

from collections.abc import AsyncIterator

from tocsin.crypto.profiles import CHUNK_LIMIT
from tocsin.encounters.receive import receive
from tocsin.encounters.room import Room
from tocsin.errors import TocsinError
from tocsin.ids import RecordingId
from tocsin.web.body import FRAME_HEAD
from tocsin.web.refusals import RequestMalformed

MOST = 16
"""Of one request. More is not looked at: its receipts are an answer of some kB, and others wait for their turn."""
LIMIT = CHUNK_LIMIT + MOST * FRAME_HEAD


async def catch_up(room: Room, recording_id: RecordingId, capability: bytes, seconds: AsyncIterator[bytes]) -> bytes:
    """The receipts of `seconds`, one after the other, in their order.

    A second that is refused ends it: what came before has its receipts, and the phone hears why when it sends that one again. Raises
    what `receive` raises for the first, before anything was read for a wrong capability.
    """
    await room.find(recording_id, capability, "upload")
    receipts: list[bytes] = []
    try:
        async for raw in seconds:
            receipts.append(await receive(room, recording_id, capability, int.from_bytes(raw[:8]), raw))
            if len(receipts) == MOST:
                break
    except TocsinError:
        if not receipts:
            raise
    if not receipts:
        raise RequestMalformed
    return b"".join(receipts)
