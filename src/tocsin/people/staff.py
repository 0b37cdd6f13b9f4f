"""Staff: a few people under pseudonyms, each with public halves of two keys and a way to open the secret ones.

`staff_of`, `everybody` and `proposed` read; `add` and `retire` change. The node never has a secret half in clear: doors
(`people.doors`) hold it sealed by the browser. Nothing here is a name, an address or a time finer than a day.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256
from typing import Any, NewType

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from tocsin.crypto import canonical
from tocsin.errors import TocsinError
from tocsin.people.tables import door, invitation
from tocsin.people.tables import staff as table

StaffId = NewType("StaffId", bytes)
"""16 random bytes."""

COMMITMENT = b"tocsin.staff/v1 key\n"
PSEUDONYM = re.compile(r"[^\W_]+(?:[ '-][^\W_]+)*")
SHORTEST, LONGEST = 2, 24
KEPT_DAYS = 30
"""For so long after somebody left their pseudonym cannot be another's; then nothing says they were here."""


class Role(StrEnum):
    """What somebody may do on the node's pages."""

    STEWARD = "steward"
    DISPATCHER = "dispatcher"
    LAWYER = "lawyer"
    EDITOR = "editor"


class State(StrEnum):
    ACTIVE = "active"
    RETIRED = "retired"


class Staff(msgspec.Struct, frozen=True):
    """One of the staff. `recipient`: an age recipient; `signing_key`: an Ed25519 public key, 32 bytes."""

    id: StaffId
    pseudonym: str
    roles: frozenset[Role]
    recipient: str
    signing_key: bytes
    state: State = State.ACTIVE


class PseudonymWrong(TocsinError):
    code = "pseudonym_wrong"
    status = 400
    message = "A pseudonym has 2 to 24 letters or digits. Take a word that is nobody's name."


class PseudonymTaken(TocsinError):
    code = "pseudonym_taken"
    status = 409
    message = "Somebody here has this pseudonym, or had it until lately. Take another."


class RolesWrong(TocsinError):
    code = "roles_wrong"
    status = 400
    message = "Choose at least one of: steward, dispatcher, lawyer, editor."


class StaffUnknown(TocsinError):
    code = "staff_unknown"
    status = 404
    message = "Nobody of the staff is meant by this. They may have left; look at the list again."


class StewardsTooFew(TocsinError):
    code = "stewards_too_few"
    status = 409
    message = "Two stewards have to remain, or nobody could act any more. Invite another first."


def staff_of(connection: Connection, staff_id: bytes) -> Staff:
    """One of the staff, active or retired. Raises `StaffUnknown`."""
    row = connection.execute(select(table).where(table.c.id == staff_id)).one_or_none()
    if row is None:
        raise StaffUnknown
    return _staff(row)


def everybody(connection: Connection) -> list[Staff]:
    """All, in the order of their pseudonyms, which says nothing."""
    return [_staff(row) for row in connection.execute(select(table).order_by(table.c.folded))]


def proposed(connection: Connection) -> list[Staff]:
    """Lawyers that are here. Whether phones may seal to them is not decided here: two stewards sign that, the log shows it."""
    return [one for one in everybody(connection) if one.state is State.ACTIVE and Role.LAWYER in one.roles]


def add(connection: Connection, staff: Staff, salt: bytes) -> None:
    """Take somebody in. Raises `PseudonymTaken`."""
    refuse_taken(connection, staff.pseudonym)
    values = {
        "id": staff.id,
        "pseudonym": staff.pseudonym,
        "folded": folded(staff.pseudonym),
        "roles": spelled(staff.roles),
        "recipient": staff.recipient,
        "signing_key": staff.signing_key,
        "salt": salt,
        "state": str(staff.state),
        "left_day": 0,
    }
    connection.execute(insert(table).values(**values))


def retire(connection: Connection, staff_id: bytes, today: int) -> Staff:
    """Let somebody go: their doors are dropped at once. Raises `StaffUnknown`, `StewardsTooFew`."""
    staff = staff_of(connection, staff_id)
    if staff.state is State.RETIRED:
        raise StaffUnknown
    if Role.STEWARD in staff.roles and _stewards(connection) <= 2:
        raise StewardsTooFew
    connection.execute(delete(door).where(door.c.staff_id == staff_id))
    connection.execute(
        update(table).where(table.c.id == staff_id).values(state=str(State.RETIRED), left_day=today, salt=b"")
    )
    return msgspec.structs.replace(staff, state=State.RETIRED)


def forget(connection: Connection, today: int) -> None:
    """Drop who left long enough ago."""
    gone = (table.c.state == str(State.RETIRED)) & (table.c.left_day < today - KEPT_DAYS)
    connection.execute(delete(table).where(gone))


def commitment(staff: Staff, salt: bytes) -> bytes:
    """What stands in the log of somebody's keys: without the salt nobody can tell it from filler (`docs/spec/staff.md`)."""
    said = {
        "age": staff.recipient,
        "key": staff.signing_key.hex(),
        "name": staff.pseudonym,
        "roles": sorted(map(str, staff.roles)),
    }
    return sha256(COMMITMENT + salt + canonical.dumps(said)).digest()


def pseudonym(text: str) -> str:
    """As it is kept. Raises `PseudonymWrong`."""
    tidy = " ".join(unicodedata.normalize("NFC", text).split())
    if not SHORTEST <= len(tidy) <= LONGEST or not PSEUDONYM.fullmatch(tidy):
        raise PseudonymWrong
    return tidy


def folded(text: str) -> str:
    """What two pseudonyms that look alike have in common, as far as letters go."""
    return unicodedata.normalize("NFKC", text).casefold().replace(" ", "").replace("-", "").replace("'", "")


def roles_of(words: Iterable[str]) -> frozenset[Role]:
    """Raises `RolesWrong`."""
    try:
        found = frozenset(Role(word) for word in words)
    except ValueError as error:
        raise RolesWrong from error
    if not found:
        raise RolesWrong
    return found


def spelled(roles: Iterable[Role]) -> str:
    """Roles as a column holds them."""
    return " ".join(sorted(map(str, roles)))


def refuse_taken(connection: Connection, name: str, apart_from: bytes = b"") -> None:
    """Raises `PseudonymTaken` where somebody has it, or an invitation of another than `apart_from`."""
    wanted = folded(name)
    here = select(func.count()).select_from(table).where(table.c.folded == wanted)
    asked = (
        select(func.count())
        .select_from(invitation)
        .where(invitation.c.folded == wanted, invitation.c.staff_id != apart_from)
    )
    if connection.execute(here).scalar_one() or connection.execute(asked).scalar_one():
        raise PseudonymTaken


def _stewards(connection: Connection) -> int:
    return sum(one.state is State.ACTIVE and Role.STEWARD in one.roles for one in everybody(connection))


def _staff(row: Row[Any]) -> Staff:
    return Staff(
        StaffId(row.id), row.pseudonym, roles_of(row.roles.split()), row.recipient, row.signing_key, State(row.state)
    )
