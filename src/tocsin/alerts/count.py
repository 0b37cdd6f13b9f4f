"""What is left of a day: counts of the whole city, shown from five on and dropped below five when the day is over."""

from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.alerts.model import COUNT_LEAST
from tocsin.alerts.tables import count as table

DAY_S = 86_400
KEPT_DAYS = 400


class What(StrEnum):
    """What is counted. Closed."""

    CONFIRMED = "confirmed"
    CHECKED = "checked"
    NO_DECISION = "no-decision"
    TAKEN_BACK = "taken-back"
    CORRECTION_S = "correction-s"
    """Seconds from publishing to taking back, of all that were, together."""


def count(connection: Connection, now_s: int, what: What, more: int = 1) -> None:
    """Count it, in the caller's transaction."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    added = dialect.insert(table).values(day=now_s // DAY_S, what=str(what), count=more)
    summed = {"count": table.c.count + more}
    connection.execute(added.on_conflict_do_update(index_elements=["day", "what"], set_=summed))


def shown(connection: Connection, day: int) -> dict[str, int]:
    """A day's counts, those of at least five alone; the time of corrections where at least five were taken back."""
    rows = connection.execute(select(table.c.what, table.c.count).where(table.c.day == day))
    found = {str(what): int(number) for what, number in rows}
    enough = {what: number for what, number in found.items() if what != What.CORRECTION_S and number >= COUNT_LEAST}
    if What.TAKEN_BACK in enough:
        enough["correction-mean-s"] = found.get(What.CORRECTION_S, 0) // found[What.TAKEN_BACK]
    return enough


def forget(connection: Connection, now_s: int) -> None:
    """Drop what is below five of days that are over, and days long past."""
    today = now_s // DAY_S
    small = (table.c.count < COUNT_LEAST) & (table.c.day < today)
    connection.execute(delete(table).where(small | (table.c.day < today - KEPT_DAYS)))
