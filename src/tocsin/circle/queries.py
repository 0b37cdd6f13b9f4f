"""What the verbs ask the tables, one function a question."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from tocsin.circle.model import DOORS, PLACES, Place
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


def count(connection: Connection, day: int) -> int:
    """How many circles end after `day`; of doors and places, whichever are more: who fills the room leaves one without the other."""
    doors, places = (
        int(connection.execute(select(func.count()).where(table.c.ends_day > day)).scalar() or 0)
        for table in (door, place)
    )
    return max(doors // DOORS, places // PLACES)


def end_of(connection: Connection, doors: Sequence[bytes], numbers: Sequence[bytes]) -> int:
    """The last day of a circle of these rows: that of the first to end. 0 where they are not two doors and fifteen places."""
    ends = [
        day
        for table, ids in ((door, doors), (place, numbers))
        for day in connection.execute(select(table.c.ends_day).where(table.c.id.in_(list(ids)))).scalars()
    ]
    return min(ends) if len(ends) == DOORS + PLACES else 0


def add_door(connection: Connection, number: bytes, box: bytes, note: bytes, day: int) -> None:
    connection.execute(insert(door).values(id=number, box=box, note=note, ends_day=day))


def add_place(connection: Connection, one: Place, day: int) -> None:
    connection.execute(insert(place).values(id=one.id, box=one.box, letter=one.letter, ends_day=day))


def put_door(connection: Connection, number: bytes, **values: bytes) -> None:
    connection.execute(update(door).where(door.c.id == number).values(**values))


def put_letter(connection: Connection, number: bytes, letter: bytes) -> None:
    connection.execute(update(place).where(place.c.id == number).values(letter=letter))


def renew(connection: Connection, doors: Sequence[bytes], numbers: Sequence[bytes], day: int) -> None:
    """They end with `day`, or later where they did."""
    for table, ids in ((door, doors), (place, numbers)):
        are_these = table.c.id.in_(list(ids)) & (table.c.ends_day < day)
        connection.execute(update(table).where(are_these).values(ends_day=day))


def drop(connection: Connection, doors: Sequence[bytes], numbers: Sequence[bytes]) -> None:
    connection.execute(delete(door).where(door.c.id.in_(list(doors))))
    connection.execute(delete(place).where(place.c.id.in_(list(numbers))))


def expire(connection: Connection, day: int) -> None:
    """Forget what ended before `day`."""
    connection.execute(delete(door).where(door.c.ends_day < day))
    connection.execute(delete(place).where(place.c.ends_day < day))
