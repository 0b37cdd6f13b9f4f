"""Close what fell silent: a recording without goodbye becomes *cut*, and its return share is forgotten."""

from tocsin.encounters import share
from tocsin.encounters.live import Live
from tocsin.encounters.model import TRANSITIONS, Event, ShareState, State
from tocsin.encounters.room import Room
from tocsin.evidence.custody import Action


async def close_silent(room: Room, after_seconds: float) -> int:
    """Cut every open recording that was not heard of for `after_seconds`; how many."""
    now = room.clock.monotonic()
    silent = [
        live for live in list(room.lives.values()) if live.row.state is State.OPEN and now - live.heard > after_seconds
    ]
    for live in silent:
        async with live.lock:
            await cut(room, live)
    return len(silent)


async def cut(room: Room, live: Live) -> None:
    """Mark one recording as cut. The caller holds `live.lock`."""
    if live.row.state is not State.OPEN:
        return
    if live.row.share_state is ShareState.SEALED:
        await share.forget_share(room, live, ShareState.GONE)
    await room.replace(live, state=TRANSITIONS[State.OPEN, Event.SILENCE])
    await room.act(live, "node", Action.CUT)
