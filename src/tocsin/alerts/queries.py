"""What the verbs ask the tables, one function a question. Whoever changes a matter locks its row first (`matter_for`)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.alerts.model import DESK, Answer, Matter, MatterId, Report, ReportId, Standing, State, Voice
from tocsin.alerts.tables import matter, report, standing, voice

T = TypeVar("T", bound=msgspec.Struct)


def row_of(kind: type[T], values: Mapping[Any, Any]) -> T:
    """A row as its struct; bytes come as memoryviews from one of the databases."""
    plain = {str(name): bytes(value) if isinstance(value, memoryview) else value for name, value in values.items()}
    return msgspec.convert(plain, kind, strict=False, builtin_types=(bytes,))


def rows_of(kind: type[T], connection: Connection, question: Any) -> list[T]:
    return [row_of(kind, row._mapping) for row in connection.execute(question)]  # noqa: SLF001  SQLAlchemy's public name for it


def put(connection: Connection, table: Table, row: msgspec.Struct) -> bool:
    """A new row; False where its key is taken."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    values = {name: _plain(value) for name, value in msgspec.structs.asdict(row).items()}
    added = dialect.insert(table).values(**values).on_conflict_do_nothing()
    return connection.execute(added.returning(*table.primary_key)).one_or_none() is not None


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def matter_for(connection: Connection, matter_id: MatterId) -> Matter | None:
    """The matter, nobody else's to change until this transaction ends (SQLite has one writer)."""
    found = rows_of(Matter, connection, select(matter).where(matter.c.id == matter_id).with_for_update())
    return found[0] if found else None


def matters(connection: Connection) -> list[Matter]:
    return rows_of(Matter, connection, select(matter).order_by(matter.c.id))


def matters_by(connection: Connection, ids: Sequence[bytes]) -> list[Matter]:
    return rows_of(Matter, connection, select(matter).where(matter.c.id.in_(ids)).order_by(matter.c.id))


def change_matter(connection: Connection, seen: Matter, **changes: Any) -> Matter:
    """Change a matter that is locked; its turn counts on."""
    values = {**changes, "turn": seen.turn + 1}
    plain = {name: _plain(value) for name, value in values.items()}
    connection.execute(update(matter).where(matter.c.id == seen.id).values(**plain))
    return msgspec.structs.replace(seen, **values)


def reports_of(connection: Connection, matter_id: MatterId) -> list[Report]:
    """In no order that says who came first."""
    return rows_of(Report, connection, select(report).where(report.c.matter_id == matter_id).order_by(report.c.id))


def reports(connection: Connection) -> list[Report]:
    return rows_of(Report, connection, select(report).order_by(report.c.id))


def report_by_code(connection: Connection, digest: bytes) -> Report | None:
    found = rows_of(Report, connection, select(report).where(report.c.code == digest))
    return found[0] if found else None


def report_of(connection: Connection, report_id: ReportId) -> Report | None:
    found = rows_of(Report, connection, select(report).where(report.c.id == report_id))
    return found[0] if found else None


def change_reports(connection: Connection, ids: Iterable[bytes], **changes: Any) -> None:
    connection.execute(update(report).where(report.c.id.in_([*ids])).values(**changes))


def state_of(connection: Connection, matter_id: MatterId) -> State | None:
    found = connection.execute(select(matter.c.state).where(matter.c.id == matter_id)).scalar()
    return None if found is None else State(found)


def voices(connection: Connection, matter_id: MatterId) -> list[Voice]:
    return rows_of(Voice, connection, select(voice).where(voice.c.matter_id == matter_id).order_by(voice.c.id))


def all_voices(connection: Connection) -> list[Voice]:
    return rows_of(Voice, connection, select(voice).order_by(voice.c.id))


def voice_of(connection: Connection, voice_id: bytes) -> Voice | None:
    found = rows_of(Voice, connection, select(voice).where(voice.c.id == voice_id))
    return found[0] if found else None


def voices_by(connection: Connection, who: bytes) -> list[Voice]:
    return rows_of(Voice, connection, select(voice).where(voice.c.who == who).order_by(voice.c.id))


def change_voices(connection: Connection, ids: Iterable[bytes], answer: Answer, at_s: int) -> None:
    connection.execute(update(voice).where(voice.c.id.in_([*ids])).values(answer=str(answer), at_s=at_s))


def drop_voices(connection: Connection, matter_id: MatterId) -> None:
    connection.execute(delete(voice).where(voice.c.matter_id == matter_id))


def drop_desk_voices(connection: Connection) -> None:
    """Of everybody at the desk, about every matter."""
    connection.execute(delete(voice).where(voice.c.cohort == DESK))


def standings(connection: Connection) -> list[Standing]:
    return rows_of(Standing, connection, select(standing).order_by(standing.c.id))


def standing_of(connection: Connection, alert_id: bytes, *, lock: bool = True) -> Standing | None:
    wanted = select(standing).where(standing.c.id == alert_id)
    found = rows_of(Standing, connection, wanted.with_for_update() if lock else wanted)
    return found[0] if found else None


def put_standing(connection: Connection, row: Standing) -> None:
    """An alert's first version, or the next in its place."""
    connection.execute(delete(standing).where(standing.c.id == row.id))
    connection.execute(insert(standing).values(**msgspec.structs.asdict(row)))


def drop_standing(connection: Connection, ids: Sequence[bytes]) -> None:
    connection.execute(delete(standing).where(standing.c.id.in_(ids)))


def drop_matter(connection: Connection, matter_id: MatterId) -> None:
    """The matter with all its rows. Their slots are the caller's to overwrite."""
    for table in (report, voice):
        connection.execute(delete(table).where(table.c.matter_id == matter_id))
    connection.execute(update(standing).where(standing.c.matter_id == matter_id).values(matter_id=b""))
    connection.execute(delete(matter).where(matter.c.id == matter_id))
