"""What the verbs ask the tables, one function a question."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.ids import SlotNumber
from tocsin.passport.model import Key, Role, Spending
from tocsin.passport.tables import key, spent


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


def hold(connection: Connection, key_id: bytes) -> bool:
    """Whether the key is there still; on PostgreSQL nobody drops it until this transaction ends. SQLite has one writer."""
    question = select(key.c.epoch).where(key.c.id == key_id).with_for_update(read=True)
    return connection.execute(question).scalar() is not None


def spend(connection: Connection, spending: Spending) -> bytes:
    """Spend it: empty where this did, else what stands there as `again`. One statement decides, on both databases."""
    values = {"mark": spending.mark, "again": spending.again, "key_id": spending.key_id}
    made = _dialect(connection).insert(spent).values(**values).on_conflict_do_nothing()
    if connection.execute(made.returning(spent.c.key_id)).scalar() is not None:
        return b""
    return bytes(connection.execute(select(spent.c.again).where(spent.c.mark == spending.mark)).scalar_one())


def count_spent(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(spent)).scalar_one())


def _key(values: Mapping[Any, Any]) -> Key:
    typed = {"role": Role(values["role"]), "slot": SlotNumber(values["slot"])}
    raw = {"id": bytes(values["id"]), "public": bytes(values["public"])}
    return Key(**{**dict(values), **typed, **raw})


def _dialect(connection: Connection) -> Any:
    return postgresql if connection.dialect.name == "postgresql" else sqlite
