"""The retention table: how many days each class of recording is kept, signed and in the log before it counts (rule 17).

A table says days for each class. The first one of a node is its jurisdiction pack's and signed by the city key alone; every later one
by two stewards and the city key. What does not stand in the log is not read at all. `in_force` is a pure function of the tables and a
moment: longer counts from the beat that took the table, shorter 7 days after, and a table that came meanwhile takes the place
of one that still waits.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from tocsin.crypto import canonical
from tocsin.crypto.keys import SigningKey
from tocsin.errors import TocsinError
from tocsin.people import statement as statements
from tocsin.people.statement import Act, Signature, Signed, Statement
from tocsin.people.steward_keys import Steward, key_id
from tocsin.tlog import entry as entries
from tocsin.tlog.public import Standing

KIND = "retention"
CITY = b"tocsin.steward/v1 city\n"
SHORTER_AFTER_S = 7 * 86_400
MOST_DAYS = 3660
"""Ten years: nobody means more, and a slip of the hand should not pass for it."""


class TableWrong(TocsinError):
    code = "retention_table_wrong"
    status = 400
    message = "A retention table gives each class a whole number of days from 1 to 3660. Nothing was changed; mend it and sign again."


class TableOvertaken(TocsinError):
    code = "retention_table_overtaken"
    status = 409
    message = (
        "Another table came before this one. Nothing was changed; look at `tocsin retention show` and propose anew."
    )


class Logged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a `retention` entry: a signed statement, and the city key's signature over the same bytes."""

    city: Signature
    signatures: tuple[Signature, ...]
    statement: Statement


@dataclass(frozen=True)
class Table:
    """A table that stands in the log. `since`: the beat that took it, Unix seconds; `leaf`: its index."""

    number: int
    days: Mapping[str, int]
    since: int
    leaf: int = 0
    stewards: tuple[str, ...] = ()
    """Key ids of the two who signed; none for the first table."""


@dataclass(frozen=True)
class Kept:
    """One class at one moment: days in force, the table they are of, and what comes, if something does."""

    days: int
    number: int
    coming_days: int | None = None
    coming_from: int = 0
    """Unix seconds."""


def check_days(days: Mapping[str, int], classes: Iterable[str]) -> None:
    """Raises `TableWrong` unless every class has its days and nothing else has."""
    if set(days) != set(classes) or not all(1 <= count <= MOST_DAYS for count in days.values()):
        raise TableWrong


def entry(signed: Signed, city: SigningKey) -> dict[str, object]:
    """The body of the log entry, with the city key's signature."""
    assert isinstance(signed.statement, Statement)
    made = Logged(Signature.of(city, CITY, signed.statement.raw), signed.signatures, signed.statement)
    found: dict[str, object] = msgspec.to_builtins(made)
    return found


def first(days: Mapping[str, int], node: str, day: int, salt: str) -> Signed:
    """The statement a node begins with: its pack's days, signed by nobody but, in `entry`, its city key."""
    return Signed(Statement(act=Act.RETENTION, day=day, node=node, salt=salt, number=1, days=dict(days)), ())


def read(
    found: Iterable[Standing], city: bytes, stewards: Mapping[bytes, Steward], node: str, classes: Iterable[str]
) -> list[Table]:
    """The tables that count, in order of the log. One that is not signed as it has to be, or not next in number, is passed over.

    `stewards`: everybody whose key ever stood in the log; that it counted was checked before the city key signed.
    """
    wanted, tables = set(classes), list[Table]()
    for standing in sorted(found, key=lambda one: one.leaf):
        logged = _parse(standing.entry)
        if logged is None or set(logged.statement.days) != wanted or logged.statement.number != len(tables) + 1:
            continue
        if _is_signed(logged, city, stewards, node):
            who = tuple(key_id(one.public) for one in logged.signatures)
            statement = logged.statement
            tables.append(Table(statement.number, statement.days, standing.beat, standing.leaf, who))
    return tables


def in_force(tables: Sequence[Table], now_s: int, classes: Iterable[str]) -> dict[str, Kept] | None:
    """What counts at `now_s`, by class; None while no table stands in the log. `tables` in order of the log."""
    known = [table for table in tables if table.since <= now_s]
    return {name: _kept(known, name, now_s) for name in classes} if known else None


def _kept(tables: Sequence[Table], name: str, now_s: int) -> Kept:
    kept = Kept(tables[0].days[name], tables[0].number)
    waiting: tuple[int, Table] | None = None
    for table in tables[1:]:
        arrived = _arrived(kept, waiting, name, table.since)
        if arrived is not kept:
            kept, waiting = arrived, None
        if table.days[name] >= kept.days:
            kept, waiting = Kept(table.days[name], table.number), None
        elif waiting is None or waiting[1].days[name] != table.days[name]:
            waiting = table.since + SHORTER_AFTER_S, table
    kept = _arrived(kept, waiting, name, now_s)
    if waiting and waiting[0] > now_s:
        return Kept(kept.days, kept.number, waiting[1].days[name], waiting[0])
    return kept


def _arrived(kept: Kept, waiting: tuple[int, Table] | None, name: str, now_s: int) -> Kept:
    """What counts once a table that waited has come."""
    if waiting and waiting[0] <= now_s:
        return Kept(waiting[1].days[name], waiting[1].number)
    return kept


def _parse(raw: bytes) -> Logged | None:
    try:
        return msgspec.convert(canonical.loads(raw.removeprefix(entries.RETENTION)), Logged)
    except (canonical.CanonicalError, msgspec.ValidationError):
        return None


def _is_signed(logged: Logged, city: bytes, stewards: Mapping[bytes, Steward], node: str) -> bool:
    statement = logged.statement
    if statement.node != node or statement.act is not Act.RETENTION:
        return False
    if logged.city.key != base64.b64encode(city).decode() or not logged.city.is_over(CITY, statement.raw):
        return False
    if statement.number == 1:
        return not logged.signatures
    try:
        statements.check(Signed(statement, logged.signatures), stewards, node, statement.day)
    except TocsinError:
        return False
    return len(logged.signatures) == 2
