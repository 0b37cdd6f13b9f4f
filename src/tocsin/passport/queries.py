"""What the verbs ask the tables, one function a question."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, LargeBinary, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.ids import SlotNumber
from tocsin.passport.model import Key, Role, Spending
from tocsin.passport.tables import key, spent

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
    connection.execute(delete(spent).where(spent.c.key_id == key_id))
    connection.execute(delete(key).where(key.c.id == key_id))
    return None if slot is None else SlotNumber(slot)


def spend(connection: Connection, spending: Spending) -> bytes | None:
    """Spend it: empty where this did, else what stands there as `again`; None where its key is gone.

    One statement decides, on both databases. On PostgreSQL nobody drops the key until this transaction ends; SQLite has one writer.
    """
    said = {"given_mark": spending.mark, "given_again": spending.again, "given_key": spending.key_id}
    if connection.execute(SPEND[connection.dialect.name], said).scalar() is not None:
        return b""
    found = connection.execute(select(spent.c.again).where(spent.c.mark == spending.mark)).scalar()
    return None if found is None else bytes(found)


def count_spent(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(spent)).scalar_one())


def _key(values: Mapping[Any, Any]) -> Key:
    typed = {"role": Role(values["role"]), "slot": SlotNumber(values["slot"])}
    raw = {"id": bytes(values["id"]), "public": bytes(values["public"])}
    return Key(**{**dict(values), **typed, **raw})


def _dialect(connection: Connection) -> Any:
    return postgresql if connection.dialect.name == "postgresql" else sqlite
