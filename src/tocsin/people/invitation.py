"""Invitations: one-time links by which somebody joins the staff. The node keeps the digest of the link's secret, never the secret.

The secret stands in the link's fragment, which no browser sends and no proxy sees; the page posts it.
"""

from collections.abc import Iterable
from hashlib import sha256

import msgspec
from sqlalchemy import Connection, delete, insert, select

from tocsin.clock import Clock
from tocsin.errors import TocsinError
from tocsin.ids import b64, unb64
from tocsin.people import staff
from tocsin.people.staff import Role, StaffId, State
from tocsin.people.tables import invitation as table

SECRET_BYTES = 32
LIFE_DAYS = 7
"""The last whole day on which a link opens, counted from the one on which it was made."""
MOST = 200


class InvitationUnknown(TocsinError):
    code = "invitation_unknown"
    status = 404
    message = (
        "This link opens nothing: it was used, is older than 7 days, or was taken back. Ask a steward for another."
    )


class InvitationsTooMany(TocsinError):
    code = "invitations_too_many"
    status = 409
    message = "200 invitations wait. Take some back first."


class StewardsThere(TocsinError):
    code = "stewards_there"
    status = 409
    message = "There are stewards here already. They sign in on the node's pages and invite others there; nothing was changed."


class Invitation(msgspec.Struct, frozen=True):
    """One that waits. `digest` names it to stewards; nobody can join with it."""

    digest: bytes
    staff_id: StaffId
    pseudonym: str
    roles: frozenset[Role]
    is_founding: bool
    until_day: int


def make(
    connection: Connection,
    pseudonym: str,
    roles: frozenset[Role],
    clock: Clock,
    today: int,
    *,
    is_founding: bool = False,
) -> str:
    """A fresh link's secret. Raises `PseudonymWrong`, `PseudonymTaken`, `InvitationsTooMany`."""
    forget(connection, today)
    name = staff.pseudonym(pseudonym)
    staff.refuse_taken(connection, name)
    if len(waiting(connection)) >= MOST:
        raise InvitationsTooMany
    secret = clock.random_bytes(SECRET_BYTES)
    values = {
        "digest": sha256(secret).digest(),
        "staff_id": clock.random_bytes(16),
        "pseudonym": name,
        "folded": staff.folded(name),
        "roles": staff.spelled(roles),
        "is_founding": int(is_founding),
        "until_day": today + LIFE_DAYS,
    }
    connection.execute(insert(table).values(**values))
    return b64(secret)


def found(connection: Connection, pseudonyms: Iterable[str], clock: Clock, today: int) -> list[str]:
    """Secrets of the founding links, for the stewards with whom a node begins. Links that it gave out before open nothing any more.

    Raises `StewardsThere` once anybody has joined as one, and what `make` raises.
    """
    if any(Role.STEWARD in one.roles and one.state is State.ACTIVE for one in staff.everybody(connection)):
        raise StewardsThere
    connection.execute(delete(table).where(table.c.is_founding == 1))
    roles = frozenset({Role.STEWARD})
    return [make(connection, name, roles, clock, today, is_founding=True) for name in pseudonyms]


def opened(connection: Connection, secret: str, today: int) -> Invitation:
    """The invitation of a secret. Raises `InvitationUnknown`, the same for used, old and never made."""
    try:
        digest = sha256(unb64(secret)).digest()
    except ValueError as error:
        raise InvitationUnknown from error
    for one in waiting(connection):
        if one.digest == digest and one.until_day >= today:
            return one
    raise InvitationUnknown


def use_up(connection: Connection, digest: bytes) -> None:
    """It was accepted, or taken back. Raises `InvitationUnknown` where it is gone already."""
    if connection.execute(delete(table).where(table.c.digest == digest)).rowcount != 1:
        raise InvitationUnknown


def waiting(connection: Connection) -> list[Invitation]:
    """All that wait, in the order of their pseudonyms."""
    return [
        Invitation(
            row.digest,
            row.staff_id,
            row.pseudonym,
            staff.roles_of(row.roles.split()),
            bool(row.is_founding),
            row.until_day,
        )
        for row in connection.execute(select(table).order_by(table.c.folded))
    ]


def forget(connection: Connection, today: int) -> None:
    """Drop what opens no more."""
    connection.execute(delete(table).where(table.c.until_day < today))
