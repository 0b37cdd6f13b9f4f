"""Schema versions, one file each in `migrations/versions`, brought in by program: no configuration file, no command to learn.

Promise: `to_revision` runs every step in one transaction on both databases, so a node killed halfway has the old schema or
the new one and never one between. A database that a newer Tocsin wrote is refused, not guessed at.
Rooms add their own file with the next number; its `down_revision` is the newest before it.

Alembic is loaded when there is something to change: a node that has nothing to change starts half a second sooner.
"""

from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, event, inspect, text

from tocsin.errors import TocsinError
from tocsin.store import fail_points, tables

if TYPE_CHECKING:
    from alembic.config import Config

ADVISORY_LOCK = 0x746F6373
"""Held on PostgreSQL while migrating, so that two workers starting together do not both migrate."""


class SchemaNewer(TocsinError):
    """The database was written by a newer version of this program."""

    code = "schema_newer"
    status = 503
    message = (
        "The database belongs to a newer version of Tocsin. Start that version, or restore a backup of this one's."
    )


def to_revision(engine: Engine, revision: str = "head") -> None:
    """Upgrade, or downgrade when `revision` lies behind, in one transaction. Does nothing when already there."""
    order = revisions()
    target = order[-1] if revision == "head" else revision
    with engine.connect() as connection:
        if current(connection) == target:
            return
    from alembic import command

    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
        now = current(connection)
        if now is not None and now not in order:
            raise SchemaNewer
        config = _config()
        config.attributes["connection"] = connection
        event.listen(connection, "after_cursor_execute", lambda *_: fail_points.hit("migrate.statement"))
        behind = now is not None and (target not in order or order.index(target) < order.index(now))
        (command.downgrade if behind else command.upgrade)(config, target)
        fail_points.hit("migrate.before_commit")


def current(connection: Connection) -> str | None:
    """The revision this database is at, or `None` for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def revisions() -> tuple[str, ...]:
    """Every schema version that this program knows, oldest first."""
    steps = files("tocsin.store").joinpath("migrations", "versions").iterdir()
    return tuple(sorted(step.name.partition("_")[0] for step in steps if step.name[:4].isdigit()))


def differences(connection: Connection) -> list[str]:
    """What the migrations built that the registered tables do not say, and the other way round; empty when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = compare_metadata(context, tables.metadata)
    return [
        said for said in map(str, found) if "modify_comment" not in said
    ]  # comments are for the inventory, not the schema


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    place = str(files("tocsin.store").joinpath("migrations"))
    config.set_main_option("script_location", place.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
