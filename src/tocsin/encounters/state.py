"""Say where a recording stands: to its phone, to its owner, and to whoever has its recovery words."""

from hashlib import sha256

from tocsin.encounters import create, queries
from tocsin.encounters.live import Live
from tocsin.encounters.model import (
    DAY_SECONDS,
    CapabilityWrong,
    NotReady,
    Recording,
    RecordingErased,
    RecordingLost,
    State,
)
from tocsin.encounters.room import Room
from tocsin.ids import RecordingId, b64

Answer = dict[str, int | str]


async def state(room: Room, recording_id: RecordingId, capability: bytes) -> Answer:
    """The body of `GET /encounters/{recording}/state`."""
    return describe(room, await room.find(recording_id, capability, "upload", "owner"))


async def recover(room: Room, locator: bytes) -> Answer:
    """The body of `POST /recover`: the recording that these words lead to, and its envelope. Raises `CapabilityWrong`."""
    if not room.is_ready:
        raise NotReady(retry_after=1)
    digest = sha256(locator).digest()
    row = await room.database.read(lambda c: queries.recording_at(c, digest))
    live = None if row is None else await room.live(row.id)
    if live is None:
        raise CapabilityWrong
    if live.row.state is State.ERASED:
        raise RecordingErased
    if live.row.state is State.LOST:
        raise RecordingLost
    wraps = create.open_box(room, live.row).wraps
    return describe(room, live) | {
        "recording": b64(live.row.id),
        "header": b64(live.row.header),
        "wraps": b64(wraps),
    }


def describe(room: Room, live: Live) -> Answer:
    """What stands, in numbers of fixed width where a length would tell. What is erased has nothing, whether it is held or not."""
    is_erased = live.row.state is State.ERASED
    return {
        "next": 0 if is_erased else live.next_seq,
        "newest_link": b64(live.header.link if is_erased else live.newest_link),
        "closed": str(live.row.state),
        "retained_until": retained_until(room, live.row),
        "covered_seq": -1 if is_erased else live.row.covered_seq,
        "bytes": 0 if is_erased else live.size,
        "node_time_ms": room.clock.now_ms(),
    }


def retained_until(room: Room, row: Recording) -> int:
    """The day after which it is erased by the table that counts now, Unix seconds; once erased, the day of that."""
    kept = 0 if row.state is State.ERASED else room.days[row.kind]
    return (row.day + kept) * DAY_SECONDS
