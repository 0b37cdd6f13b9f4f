"""Where encounters and the desk meet: what the desk may ask of recordings, said in its own words. Neither knows the other.

Rehearsals and the node's own probes never reach the desk. A recording that was sealed to one recipient alone is its owner's: the
desk does not see it either.
"""

from collections.abc import Coroutine, Iterator, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

from litestar import Request
from sqlalchemy import Connection

from tocsin.desk import forget, freeze
from tocsin.desk import queries as desk_queries
from tocsin.desk.board import TICK_S, Board
from tocsin.desk.model import Caller, Door, Envelope, ItemFrozen, ItemUnknown, Kept, Pulse, Recordings
from tocsin.desk.room import Desk
from tocsin.encounters import export, follow, queries
from tocsin.encounters.live import Live
from tocsin.encounters.model import Kind, State
from tocsin.encounters.room import ERASE_SLOT, Room
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId, SlotNumber, b64
from tocsin.node import Node
from tocsin.people.session import IDLE_S, Sessions
from tocsin.people.staff import Role
from tocsin.stewardship import Thawing
from tocsin.web.status import FAILS, WORKS

WARN_S = 120
"""How long before a session ends by itself its page asks."""
SWEEP_S = 20.0
LATE_S = 600.0
KINDS = (Kind.ENCOUNTER, Kind.IMPORT)


class FromEncounters:
    """What the desk is handed: functions over the room of recordings."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._room: Room = node.encounters
        self._for_desk: dict[SlotNumber, bool] = {}

    def face(self) -> Recordings:
        """As the desk wants it."""
        return Recordings(
            kept=self.kept,
            standing=self.standing,
            running=self.running,
            pulse=self.pulse,
            envelope=self.envelope,
            chunks=self.chunks,
            acts=self.acts,
            export=self.export,
            note=self.note,
            erase_later=self.erase_later,
            done=self.done,
        )

    async def kept(self) -> list[Kept]:
        found = await self._room.database.read(lambda c: queries.unerased(c, KINDS))
        alive = {SlotNumber(row[4]) for row in found}
        self._for_desk = {slot: known for slot, known in self._for_desk.items() if slot in alive}
        return [_kept(row) for row in found if await self._is_for_desk(row)]

    async def standing(self, recording_id: RecordingId) -> Kept | None:
        found = await self._room.database.read(lambda c: queries.unerased(c, KINDS, recording_id))
        return _kept(found[0]) if found and await self._is_for_desk(found[0]) else None

    def running(self) -> Sequence[RecordingId]:
        lives = [*self._room.lives.values()]
        return [live.row.id for live in lives if live.row.kind in KINDS and live.row.state is State.OPEN]

    def pulse(self, recording_id: RecordingId) -> Pulse | None:
        live = self._room.lives.get(recording_id)
        if live is None or live.row.state is not State.OPEN:
            return None
        return Pulse(self._room.clock.monotonic() - live.heard, live.is_heard)

    async def envelope(self, recording_id: RecordingId) -> Envelope:
        live = await self._live(recording_id)
        return Envelope(live.row.header, follow.wraps(self._room, live))

    async def chunks(self, recording_id: RecordingId, first: int, most: int) -> bytes:
        return await follow.seconds(self._room, await self._live(recording_id), first, most)

    async def acts(self, recording_id: RecordingId) -> bytes:
        return await follow.acts(self._room, await self._live(recording_id))

    async def export(self, recording_id: RecordingId, actor: str) -> Iterator[bytes]:
        return await export.export(self._room, await self._live(recording_id), actor, await self._node.sealed_extra())

    async def note(self, recording_id: RecordingId, actor: str, action: Action, reason: str) -> None:
        await follow.note(self._room, await self._live(recording_id), actor, action, reason)

    def erase_later(self, connection: Connection, slot: SlotNumber) -> bytes:
        return self._room.work.enqueue(connection, ERASE_SLOT, self._room.finish_by_ms(), slot.to_bytes(8))

    def done(self, connection: Connection, waiting: bytes) -> None:
        self._room.work.cancel(connection, waiting)

    async def _live(self, recording_id: RecordingId) -> Live:
        live = await self._room.live(recording_id)
        if live is None:
            raise ItemUnknown
        return live

    async def _is_for_desk(self, row: tuple[Any, ...]) -> bool:
        """Whether its envelope has more than one recipient; asked once for each envelope."""
        slot = SlotNumber(row[4])
        if slot not in self._for_desk:
            self._for_desk[slot] = await follow.is_shared(self._room, RecordingId(bytes(row[0])))
        return self._for_desk[slot]


def desk_of(node: Node) -> tuple[Desk, Board]:
    """The desk of a node and its list.

    What an owner erases goes from the desk before they are answered; what is frozen goes to nobody.
    """
    room = node.encounters
    desk = Desk(node.clock, node.database, room.erase_keys, FromEncounters(node).face())

    async def erased(recording_id: RecordingId) -> None:
        await forget.forget(desk, recording_id)

    async def refuse_frozen(recording_id: RecordingId) -> None:
        if await freeze.is_frozen(desk, recording_id):
            raise ItemFrozen

    async def frozen() -> Sequence[RecordingId]:
        return await node.database.read(desk_queries.frozen)

    node.stewardship.thawing = Thawing(partial(freeze.propose_thaw, desk), partial(freeze.thaw, desk), frozen)
    room.after_erasure.append(erased)
    room.may_fetch.append(refuse_frozen)
    return desk, Board(desk, node.settings.desk_late_days)


def door_of(sessions: Sessions) -> Door:
    """Everybody of the staff by their sessions: the room refuses who may not, and notes who asked. Raises what `require` raises."""

    def who(request: Request[Any, Any, Any]) -> Caller:
        staff = sessions.require(request)
        told = {"staff": b64(staff.id), "pseudonym": staff.pseudonym, "idle_s": IDLE_S, "warn_s": WARN_S}
        roles = staff.roles
        return Caller(
            key_id(staff.recipient), Role.LAWYER in roles, Role.STEWARD in roles, pseudonym=staff.pseudonym, told=told
        )

    return who


def loops(node: Node, board: Board) -> list[Coroutine[Any, Any, None]]:
    """What the desk does by itself: it looks who comes and who falls silent, and forgets what is gone."""

    async def sweep() -> None:
        await forget.sweep(board.desk)

    return [
        node.every("desk list", board.tick, TICK_S),
        node.every("desk", sweep, SWEEP_S),
        node.every("desk late", board.refresh, LATE_S),
    ]


def waiting_long(board: Board) -> dict[str, str]:
    """For the alarm and `tocsin status`, never for a public page: whether the desk leaves something unread."""
    return {"desk": FAILS if board.is_overdue() else WORKS}


def key_id(recipient: str) -> str:
    """How a custody note names a lawyer (`docs/spec/desk.md`)."""
    return sha256(b"tocsin.lawyer/v1 key\n" + recipient.encode()).hexdigest()[:16]


def _kept(row: tuple[Any, ...]) -> Kept:
    return Kept(RecordingId(bytes(row[0])), str(row[1]), str(row[2]), int(row[3]))
