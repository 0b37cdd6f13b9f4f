"""Doors: ways in which somebody of the staff proves who they are and opens their sealed keys (`docs/spec/staff.md`).

Each door has the same keys sealed under another secret, in the browser. The node keeps a public key to prove against and the sealed
bytes: to try a passphrase it would have to pay Argon2id for every guess, as any thief of the disk would.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select

from tocsin.errors import TocsinError
from tocsin.people.staff import StaffId
from tocsin.people.tables import door as table
from tocsin.people.tables import staff as people

SEALED_BYTES = 1 + 12 + 64 + 16
"""Version, nonce, two keys of 32 bytes, tag."""
SALT_BYTES = 16
MOST = 12
"""Of one person: some devices, a passphrase, a sheet, and what they forgot to drop."""


class Kind(StrEnum):
    PASSKEY = "passkey"
    PASSPHRASE = "passphrase"  # noqa: S105  a kind, no secret
    SHEET = "sheet"


class Door(msgspec.Struct, frozen=True):
    """One way in. `day`: whole days since 1970, on which it was made."""

    id: bytes
    staff_id: StaffId
    kind: Kind
    credential: bytes
    public: bytes
    salt: bytes
    sealed: bytes
    day: int


class DoorUnknown(TocsinError):
    """The one answer to every proof that fails: it does not tell a wrong passphrase from a pseudonym that nobody has."""

    code = "door_unknown"
    status = 403
    message = (
        "That does not open anything here. Look at what you typed, or take another way in; your recovery sheet is one."
    )


class DoorMalformed(TocsinError):
    code = "door_malformed"
    status = 400
    message = "The browser sent keys that this node cannot keep. Nothing was changed; reload the page and try again."


class DoorLast(TocsinError):
    code = "door_last"
    status = 409
    message = "This is your last way in. Make another before you drop it."


class DoorsTooMany(TocsinError):
    code = "doors_too_many"
    status = 409
    message = "You have 12 ways in. Drop one that you do not use, then make this one."


def check(door: Door) -> None:
    """Raises `DoorMalformed` for what has not the form of its kind."""
    is_passkey = door.kind is Kind.PASSKEY
    wanted_salt = SALT_BYTES if door.kind is Kind.PASSPHRASE else 0
    if len(door.sealed) != SEALED_BYTES or len(door.salt) != wanted_salt or bool(door.credential) != is_passkey:
        raise DoorMalformed
    if not is_passkey and len(door.public) != 32:
        raise DoorMalformed


def add(connection: Connection, door: Door) -> None:
    """Make a door. There is one sheet and one passphrase at a time: a new one takes its place.

    Raises `DoorsTooMany`, `DoorMalformed`.
    """
    check(door)
    if connection.execute(select(table.c.id).where(table.c.public == door.public)).first():
        raise DoorMalformed
    if door.kind is not Kind.PASSKEY:
        connection.execute(delete(table).where(table.c.staff_id == door.staff_id, table.c.kind == str(door.kind)))
    if _count(connection, door.staff_id) >= MOST:
        raise DoorsTooMany
    connection.execute(insert(table).values(**{**msgspec.structs.asdict(door), "kind": str(door.kind)}))


def drop(connection: Connection, staff_id: bytes, door_id: bytes) -> Door:
    """Close a door of this person for ever. Raises `DoorUnknown`, `DoorLast`."""
    found = [one for one in of_staff(connection, staff_id) if one.id == door_id]
    if not found:
        raise DoorUnknown
    if _count(connection, staff_id) == 1:
        raise DoorLast
    connection.execute(delete(table).where(table.c.id == door_id))
    return found[0]


def keep_only(connection: Connection, staff_id: bytes, door_id: bytes) -> None:
    """Drop every other door: a device was lost, and which of them it opened nobody remembers."""
    connection.execute(delete(table).where(table.c.staff_id == staff_id, table.c.id != door_id))


def of_staff(connection: Connection, staff_id: bytes) -> list[Door]:
    question = select(table).where(table.c.staff_id == staff_id).order_by(table.c.kind, table.c.day, table.c.id)
    return [_door(row) for row in connection.execute(question)]


def by_public(connection: Connection, public: bytes) -> Door:
    """The door that is proven by an Ed25519 key. Raises `DoorUnknown`."""
    return _one(connection.execute(select(table).where(table.c.public == public, table.c.credential == b"")).all())


def by_credential(connection: Connection, credential: bytes) -> Door:
    """The door of a passkey. Raises `DoorUnknown`."""
    if not credential:
        raise DoorUnknown
    return _one(connection.execute(select(table).where(table.c.credential == credential)).all())


def salt_of(connection: Connection, folded: str) -> bytes | None:
    """The salt of somebody's passphrase, or None where nobody of that pseudonym has one."""
    joined = table.join(people, people.c.id == table.c.staff_id)
    question = select(table.c.salt).select_from(joined)
    found = connection.execute(question.where(people.c.folded == folded, table.c.kind == str(Kind.PASSPHRASE)))
    return found.scalars().first()


def _count(connection: Connection, staff_id: bytes) -> int:
    return int(
        connection.execute(select(func.count()).select_from(table).where(table.c.staff_id == staff_id)).scalar_one()
    )


def _one(rows: Sequence[Row[Any]]) -> Door:
    if len(rows) != 1:
        raise DoorUnknown
    return _door(rows[0])


def _door(row: Row[Any]) -> Door:
    return Door(row.id, row.staff_id, Kind(row.kind), row.credential, row.public, row.salt, row.sealed, row.day)
