"""What the verbs ask the tables, one function a question."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, LargeBinary, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.ids import SlotNumber
from tocsin.passport.model import Code, Key, Kind, Role, Spending
from tocsin.passport.tables import code as code_
from tocsin.passport.tables import issued, key, spent

_KEY = select(bindparam("given_mark", type_=LargeBinary), bindparam("given_again", type_=LargeBinary), key.c.id).where(
    key.c.id == bindparam("given_key", type_=LargeBinary)
)
_INTO = ("mark", "again", "key_id")
SPEND = {
    "sqlite": sqlite.insert(spent).from_select(_INTO, _KEY).on_conflict_do_nothing().returning(spent.c.key_id),
    "postgresql": postgresql.insert(spent)
    .from_select(_INTO, _KEY.with_for_update(read=True))
    .on_conflict_do_nothing()
    .returning(spent.c.key_id),
}
"""Made once: building a statement takes as long as performing it."""


def keys(connection: Connection) -> list[Key]:
    """Every key there is."""
    return [_key(row._mapping) for row in connection.execute(select(key))]  # noqa: SLF001  SQLAlchemy's public name for it


def put(connection: Connection, new: Key) -> bool:
    """Keep a key; False where role, cohort and epoch have one: another process was faster."""
    values = {**msgspec.structs.asdict(new), "role": str(new.role)}
    added = _dialect(connection).insert(key).values(**values).on_conflict_do_nothing()
    return connection.execute(added.returning(key.c.id)).scalar() is not None


def drop(connection: Connection, key_id: bytes) -> SlotNumber | None:
    """Drop a key with all that was spent under it; its slot, or None where it was gone."""
    slot = connection.execute(select(key.c.slot).where(key.c.id == key_id)).scalar()
    for under in (spent, issued, code_):
        connection.execute(delete(under).where(under.c.key_id == key_id))
    connection.execute(delete(key).where(key.c.id == key_id))
    return None if slot is None else SlotNumber(slot)


def spend(connection: Connection, spending: Spending) -> bytes | None:
    """Spend it: empty where this did, else what stands there as `again`; None where its key is gone.

    One statement decides, on both databases. On PostgreSQL nobody drops the key until this transaction ends; SQLite has one writer.
    """
    said = {"given_mark": spending.mark, "given_again": spending.again, "given_key": spending.key_id}
    if connection.execute(SPEND[connection.dialect.name], said).scalar() is not None:
        return b""
    return spent_again(connection, spending.mark)


def count_spent(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(spent)).scalar_one())


def spent_again(connection: Connection, mark: bytes) -> bytes | None:
    """What stands beside a mark of what was spent; None where it was not."""
    found = connection.execute(select(spent.c.again).where(spent.c.mark == mark)).scalar()
    return None if found is None else bytes(found)


def put_issued(connection: Connection, mark: bytes, key_id: bytes) -> None:
    """Write down that a renewal token was given; the key's row is held by `spend` in the same transaction."""
    connection.execute(_dialect(connection).insert(issued).values(mark=mark, key_id=key_id).on_conflict_do_nothing())


def drop_issued(connection: Connection, mark: bytes) -> None:
    connection.execute(delete(issued).where(issued.c.mark == mark))


def was_issued(connection: Connection, mark: bytes) -> bool:
    return connection.execute(select(issued.c.mark).where(issued.c.mark == mark)).scalar() is not None


def issued_among(connection: Connection, marks: list[bytes]) -> set[bytes]:
    """Which of these renewal tokens were given."""
    return {bytes(one) for one in connection.execute(select(issued.c.mark).where(issued.c.mark.in_(marks))).scalars()}


def count_issued(connection: Connection) -> dict[bytes, int]:
    """How many renewal tokens were given, by key id."""
    found = connection.execute(select(issued.c.key_id, func.count()).group_by(issued.c.key_id))
    return {bytes(key_id): int(count) for key_id, count in found}


def put_code(connection: Connection, new: Code) -> None:
    """Keep a code; one that is there stays as it is."""
    values = {**msgspec.structs.asdict(new), "kind": str(new.kind)}
    connection.execute(_dialect(connection).insert(code_).values(**values).on_conflict_do_nothing())


def code(connection: Connection, mark: bytes) -> Code | None:
    found = connection.execute(select(code_).where(code_.c.mark == mark)).mappings().first()
    if found is None:
        return None
    return Code(bytes(found["mark"]), Kind(found["kind"]), found["side"], bytes(found["again"]), bytes(found["key_id"]))


def use_code(connection: Connection, mark: bytes, again: bytes) -> bytes | None:
    """Use a code, if nobody did; what stands there now. None where it went with its key."""
    connection.execute(update(code_).where(code_.c.mark == mark, code_.c.again == b"").values(again=again))
    found = connection.execute(select(code_.c.again).where(code_.c.mark == mark)).scalar()
    return None if found is None else bytes(found)


def count_codes(connection: Connection, key_id: bytes, kind: Kind, side: str) -> int:
    """How many of a side were made this week, used or not."""
    wanted = (code_.c.key_id == key_id, code_.c.kind == str(kind), code_.c.side == side)
    return int(connection.execute(select(func.count()).select_from(code_).where(*wanted)).scalar_one())


def _key(values: Mapping[Any, Any]) -> Key:
    typed = {"role": Role(values["role"]), "slot": SlotNumber(values["slot"])}
    raw = {"id": bytes(values["id"]), "public": bytes(values["public"])}
    return Key(**{**dict(values), **typed, **raw})


def _dialect(connection: Connection) -> Any:
    return postgresql if connection.dialect.name == "postgresql" else sqlite
