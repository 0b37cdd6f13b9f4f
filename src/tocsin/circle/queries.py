"""What the verbs ask the tables, one function a question."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from tocsin.circle.model import Place
from tocsin.circle.tables import door, place


def box_of(connection: Connection, number: bytes) -> bytes | None:
    """The box of a door."""
    found = connection.execute(select(door.c.box).where(door.c.id == number)).scalar()
    return None if found is None else bytes(found)


def note_of(connection: Connection, number: bytes) -> bytes:
    """The note of a door; empty where there is none."""
    return bytes(connection.execute(select(door.c.note).where(door.c.id == number)).scalar() or b"")


def places(connection: Connection, numbers: Sequence[bytes]) -> dict[bytes, Place]:
    """These places, by number."""
    asked = select(place.c.id, place.c.box, place.c.letter).where(place.c.id.in_(list(numbers)))
    return {bytes(row.id): Place(bytes(row.id), bytes(row.box), bytes(row.letter)) for row in connection.execute(asked)}


def fill(connection: Connection, number: bytes, box: bytes) -> bool:
    """Put a box into a place; False where there is no such place."""
    return connection.execute(update(place).where(place.c.id == number).values(box=box)).rowcount == 1


def count(connection: Connection) -> int:
    """How many doors there are."""
    return int(connection.execute(select(func.count()).select_from(door)).scalar() or 0)


def add_door(connection: Connection, number: bytes, box: bytes, note: bytes, week: int) -> None:
    connection.execute(insert(door).values(id=number, box=box, note=note, ends_week=week))


def add_place(connection: Connection, one: Place, week: int) -> None:
    connection.execute(insert(place).values(id=one.id, box=one.box, letter=one.letter, ends_week=week))


def put_door(connection: Connection, number: bytes, **values: bytes) -> None:
    connection.execute(update(door).where(door.c.id == number).values(**values))


def put_letter(connection: Connection, number: bytes, letter: bytes) -> None:
    connection.execute(update(place).where(place.c.id == number).values(letter=letter))


def renew(connection: Connection, doors: Sequence[bytes], numbers: Sequence[bytes], week: int) -> None:
    """They end in `week`."""
    connection.execute(update(door).where(door.c.id.in_(list(doors))).values(ends_week=week))
    connection.execute(update(place).where(place.c.id.in_(list(numbers))).values(ends_week=week))


def drop(connection: Connection, doors: Sequence[bytes], numbers: Sequence[bytes]) -> None:
    connection.execute(delete(door).where(door.c.id.in_(list(doors))))
    connection.execute(delete(place).where(place.c.id.in_(list(numbers))))


def expire(connection: Connection, week: int) -> None:
    """Forget what ended before `week`."""
    connection.execute(delete(door).where(door.c.ends_week < week))
    connection.execute(delete(place).where(place.c.ends_week < week))
