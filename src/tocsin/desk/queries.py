"""What the verbs ask the tables, one function a question."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.desk.model import Item, Paper, State
from tocsin.desk.tables import item, paper
from tocsin.ids import RecordingId, SlotNumber


def item_of(connection: Connection, recording_id: RecordingId) -> Item:
    """The item; as nobody touched it where there is no row."""
    found = connection.execute(select(item).where(item.c.recording_id == recording_id)).one_or_none()
    return Item(recording_id) if found is None else _item(found._mapping)  # noqa: SLF001  SQLAlchemy's public name for it


def items(connection: Connection) -> dict[RecordingId, Item]:
    """Every item that somebody touched."""
    found = [_item(row._mapping) for row in connection.execute(select(item))]  # noqa: SLF001  SQLAlchemy's public name for it
    return {one.recording_id: one for one in found}


def move(connection: Connection, seen: Item, **changes: object) -> Item | None:
    """Change an item that still is as it was seen; None when somebody was faster. One statement decides it, on both databases."""
    made = {column.name: getattr(Item(seen.recording_id), column.name) for column in item.columns}
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(item).values(**made).on_conflict_do_nothing())
    turned: dict[str, object] = {**changes, "turn": seen.turn + 1}
    as_seen = (item.c.recording_id == seen.recording_id) & (item.c.turn == seen.turn)
    won = connection.execute(update(item).where(as_seen).values(**turned)).rowcount == 1
    return msgspec.structs.replace(seen, **turned) if won else None


def forget(connection: Connection, recording_id: RecordingId) -> list[SlotNumber]:
    """Drop everything of a recording; which slots its keys lay in."""
    slots = [
        *connection.execute(select(item.c.slot).where(item.c.recording_id == recording_id, item.c.slot >= 0)).scalars()
    ]
    slots += connection.execute(select(paper.c.slot).where(paper.c.recording_id == recording_id)).scalars()
    connection.execute(delete(paper).where(paper.c.recording_id == recording_id))
    connection.execute(delete(item).where(item.c.recording_id == recording_id))
    return [SlotNumber(slot) for slot in slots]


def known(connection: Connection) -> set[RecordingId]:
    """Every recording of which the desk has anything."""
    found = {*connection.execute(select(item.c.recording_id)).scalars()}
    found |= {*connection.execute(select(paper.c.recording_id)).scalars()}
    return {RecordingId(one) for one in found}


def frozen(connection: Connection) -> list[RecordingId]:
    """Recordings that nobody fetches, in no order that says anything."""
    question = select(item.c.recording_id).where(item.c.state == State.FROZEN).order_by(item.c.recording_id)
    return [RecordingId(found) for found in connection.execute(question).scalars()]


def papers(connection: Connection, recording_id: RecordingId) -> list[Paper]:
    """The papers of a recording, in no order that says anything."""
    question = select(paper).where(paper.c.recording_id == recording_id).order_by(paper.c.id)
    return [_paper(row._mapping) for row in connection.execute(question)]  # noqa: SLF001  SQLAlchemy's public name for it


def paper_of(connection: Connection, paper_id: bytes) -> Paper | None:
    found = connection.execute(select(paper).where(paper.c.id == paper_id)).one_or_none()
    return None if found is None else _paper(found._mapping)  # noqa: SLF001  SQLAlchemy's public name for it


def count_papers(connection: Connection, recording_id: RecordingId) -> int:
    question = select(func.count()).select_from(paper).where(paper.c.recording_id == recording_id)
    return int(connection.execute(question).scalar_one())


def put_paper(connection: Connection, new: Paper) -> bool:
    """Put a paper's next version, or its first; False when another version stands there than the one before it."""
    values = msgspec.structs.asdict(new)
    if new.turn == 1:
        if paper_of(connection, new.id) is not None:
            return False
        connection.execute(insert(paper).values(**values))
        return True
    before = (paper.c.id == new.id) & (paper.c.recording_id == new.recording_id) & (paper.c.turn == new.turn - 1)
    return connection.execute(update(paper).where(before).values(**values)).rowcount == 1


def drop_paper(connection: Connection, paper_id: bytes, recording_id: RecordingId) -> SlotNumber | None:
    """Drop a paper; its slot, or None when there was none."""
    wanted = (paper.c.id == paper_id) & (paper.c.recording_id == recording_id)
    slot = connection.execute(select(paper.c.slot).where(wanted)).scalar()
    connection.execute(delete(paper).where(wanted))
    return None if slot is None else SlotNumber(slot)


def _item(values: Mapping[Any, Any]) -> Item:
    typed = {
        "recording_id": RecordingId(bytes(values["recording_id"])),
        "state": State(values["state"]),
        "slot": SlotNumber(values["slot"]),
    }
    return Item(**{**dict(values), **typed})


def _paper(values: Mapping[Any, Any]) -> Paper:
    typed = {"recording_id": RecordingId(bytes(values["recording_id"])), "slot": SlotNumber(values["slot"])}
    return Paper(**{**dict(values), **typed})
