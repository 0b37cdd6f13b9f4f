"""What the verbs ask the tables, one function a question."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.encounters.model import NOTE_BASE, Hold, Kind, Recording, ShareState, State
from tocsin.encounters.tables import frame, hold, indexed_to, recording
from tocsin.ids import RecordingId, SlotNumber
from tocsin.store.segment_format import Position

PAGE = 2000


class Stored(NamedTuple):
    """A frame that is durable: whose it is, its number, where it lies and how long its body is."""

    recording_id: RecordingId
    number: int
    position: Position
    length: int


THE_MARK = 1
HELD = select(hold.c.recording_id)


def recording_of(connection: Connection, recording_id: RecordingId) -> Recording | None:
    found = connection.execute(select(recording).where(recording.c.id == recording_id)).one_or_none()
    return None if found is None else _row(found._mapping)  # noqa: SLF001  SQLAlchemy's public name for it


def recording_at(connection: Connection, locator_digest: bytes) -> Recording | None:
    """The recording that these recovery words lead to."""
    found = connection.execute(select(recording).where(recording.c.locator_digest == locator_digest)).one_or_none()
    return None if found is None else _row(found._mapping)  # noqa: SLF001  SQLAlchemy's public name for it


def add(connection: Connection, row: Recording) -> Recording:
    """Insert `row` unless its id is taken; answer what stands there then."""
    connection.execute(_insert(connection, recording).values(**_columns(row)).on_conflict_do_nothing())
    standing = recording_of(connection, row.id)
    assert standing is not None
    return standing


def replace(connection: Connection, row: Recording, changes: Mapping[str, Any]) -> Recording:
    """Change columns of one row; answer the new row."""
    connection.execute(update(recording).where(recording.c.id == row.id).values(**changes))
    return msgspec.structs.replace(row, **changes)


def cover(connection: Connection, covered: Sequence[tuple[RecordingId, int]]) -> None:
    """Remember up to which second each recording is covered by a leaf."""
    if covered:
        statement = update(recording).where(recording.c.id == bindparam("one")).values(covered_seq=bindparam("seq"))
        connection.execute(statement, [{"one": recording_id, "seq": seq} for recording_id, seq in covered])


def unfinished(connection: Connection) -> list[RecordingId]:
    """Recordings that are open, or have seconds that no leaf covers."""
    newest = select(func.max(frame.c.number)).where(frame.c.recording_id == recording.c.id, frame.c.number < NOTE_BASE)
    question = select(recording.c.id).where(
        recording.c.state != State.ERASED,
        or_(recording.c.state == State.OPEN, recording.c.covered_seq < newest.scalar_subquery()),
    )
    return [RecordingId(found) for found in connection.execute(question).scalars()]


def expired(connection: Connection, today: int, days: Mapping[Kind, int]) -> list[RecordingId]:
    """Recordings whose time is over under `days`, by kind, and that nothing holds."""
    over = or_(*((recording.c.kind == kind) & (recording.c.day + count < today) for kind, count in days.items()))
    question = select(recording.c.id).where(over, recording.c.state != State.ERASED, recording.c.id.not_in(HELD))
    return [RecordingId(found) for found in connection.execute(question).scalars()]


def add_frames(connection: Connection, frames: Sequence[Stored], mark: Position) -> None:
    """Index frames, and remember up to where the segments are indexed. Repeating it changes nothing."""
    rows = [
        {
            "recording_id": stored.recording_id,
            "number": stored.number,
            "segment": stored.position.segment,
            "offset": stored.position.offset,
            "length": stored.length,
        }
        for stored in frames
    ]
    if rows:
        connection.execute(_insert(connection, frame).on_conflict_do_nothing(), rows)
    to = {"segment": mark.segment, "offset": mark.offset}
    statement = _insert(connection, indexed_to).values(id=THE_MARK, **to)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=to))


def mark(connection: Connection) -> Position:
    """Up to where the segments are indexed."""
    found = connection.execute(select(indexed_to.c.segment, indexed_to.c.offset)).one_or_none()
    return Position(0, 0) if found is None else Position(found.segment, found.offset)


def newest_frames(connection: Connection, recording_id: RecordingId) -> list[tuple[int, Position]]:
    """The newest chunk and the newest note of a recording, where it has them."""
    found = []
    for bound in (frame.c.number < NOTE_BASE, frame.c.number >= NOTE_BASE):
        question = select(frame).where(frame.c.recording_id == recording_id, bound)
        newest = connection.execute(question.order_by(frame.c.number.desc()).limit(1)).one_or_none()
        if newest is not None:
            found.append((newest.number, Position(newest.segment, newest.offset)))
    return found


def position(connection: Connection, recording_id: RecordingId, number: int) -> Position | None:
    """Where one frame lies."""
    question = select(frame).where(frame.c.recording_id == recording_id, frame.c.number == number)
    found = connection.execute(question).one_or_none()
    return None if found is None else Position(found.segment, found.offset)


def page(connection: Connection, recording_id: RecordingId, after: int, below: int) -> list[Stored]:
    """Some frames of a recording in order, numbered above `after` and below `below`."""
    question = select(frame).where(frame.c.recording_id == recording_id, frame.c.number > after, frame.c.number < below)
    found = connection.execute(question.order_by(frame.c.number).limit(PAGE))
    return [Stored(recording_id, row.number, Position(row.segment, row.offset), row.length) for row in found]


def stored_bytes(connection: Connection, recording_id: RecordingId) -> int:
    question = select(func.coalesce(func.sum(frame.c.length), 0)).where(frame.c.recording_id == recording_id)
    return int(connection.execute(question).scalar_one())


def forget_frames(connection: Connection) -> int:
    """Drop the index of every recording that was erased and is not held; how many frames. What its segments hold opens for nobody
    any more.
    """
    gone = select(recording.c.id).where(recording.c.state == State.ERASED, recording.c.id.not_in(HELD))
    return connection.execute(delete(frame).where(frame.c.recording_id.in_(gone))).rowcount


def segments_in_use(connection: Connection) -> set[int]:
    """Numbers of the segment files in which a kept recording has a frame."""
    return set(connection.execute(select(frame.c.segment).distinct()).scalars())


def forget_tombstones(connection: Connection, today: int) -> list[RecordingId]:
    """Drop the rows of recordings that were erased on an earlier day and are not held; which."""
    over = (recording.c.state == State.ERASED) & (recording.c.day < today) & recording.c.id.not_in(HELD)
    found = [RecordingId(raw) for raw in connection.execute(select(recording.c.id).where(over)).scalars()]
    connection.execute(delete(recording).where(over))
    return found


def listed(connection: Connection) -> list[Recording]:
    """Every recording that is kept, in no order that says anything."""
    question = select(recording).where(recording.c.state != State.ERASED).order_by(recording.c.id)
    return [_row(found._mapping) for found in connection.execute(question)]  # noqa: SLF001  SQLAlchemy's public name for it


def unerased(connection: Connection, kinds: Sequence[Kind], one: RecordingId | None = None) -> list[tuple[Any, ...]]:
    """Number, kind, state, day and slot of every kept recording of these kinds, or of one: nothing that is sealed."""
    columns = (recording.c.id, recording.c.kind, recording.c.state, recording.c.day, recording.c.slot)
    kept = recording.c.state.not_in([State.ERASED, State.LOST]) & recording.c.kind.in_(kinds)
    question = select(*columns).where(kept if one is None else kept & (recording.c.id == one))
    return [tuple(found) for found in connection.execute(question)]


def hold_of(connection: Connection, recording_id: RecordingId) -> Hold | None:
    found = connection.execute(select(hold).where(hold.c.recording_id == recording_id)).one_or_none()
    return None if found is None else _hold(found._mapping)  # noqa: SLF001  SQLAlchemy's public name for it


def holds(connection: Connection) -> list[tuple[Hold, State]]:
    """Every hold that stands, and where its recording does."""
    question = select(hold, recording.c.state).join(recording, recording.c.id == hold.c.recording_id)
    found = connection.execute(question.order_by(hold.c.recording_id))
    return [(_hold({name: row._mapping[name] for name in hold.c.keys()}), State(row.state)) for row in found]  # noqa: SLF001, SIM118  SQLAlchemy's public names


def add_hold(connection: Connection, held: Hold) -> None:
    connection.execute(insert(hold).values(**msgspec.structs.asdict(held)))


def drop_hold(connection: Connection, recording_id: RecordingId) -> None:
    connection.execute(delete(hold).where(hold.c.recording_id == recording_id))


def _hold(values: Mapping[Any, Any]) -> Hold:
    typed: dict[str, Any] = dict(values) | {
        "recording_id": RecordingId(values["recording_id"]),
        "slot": SlotNumber(values["slot"]),
    }
    return Hold(**typed)


def _row(values: Mapping[Any, Any]) -> Recording:
    typed: dict[str, Any] = dict(values) | {
        "id": RecordingId(values["id"]),
        "kind": Kind(values["kind"]),
        "state": State(values["state"]),
        "share_state": ShareState(values["share_state"]),
        "slot": SlotNumber(values["slot"]),
    }
    return Recording(**typed)


def _columns(row: Recording) -> dict[str, Any]:
    return msgspec.structs.asdict(row)


def _insert(connection: Connection, table: Any) -> Any:
    """`INSERT` with `ON CONFLICT`, which SQLAlchemy spells once a dialect."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
