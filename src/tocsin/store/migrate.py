"""Schema versions, one file each in `migrations/versions`, brought in by program: no configuration file, no command to learn.

Promise: `to_revision` runs every step in one transaction on both databases, so a node killed halfway has the old schema or
the new one and never one between. A database that a newer Tocsin wrote is refused, not guessed at.
Rooms add their own file with the next number; its `down_revision` is the newest before it.
"""

from importlib.resources import files

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event, text

from tocsin.errors import TocsinError
from tocsin.store import fail_points, tables

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
    script = ScriptDirectory.from_config(_config())
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
        now = current(connection)
        order = [step.revision for step in script.walk_revisions()][::-1]
        if now is not None and now not in order:
            raise SchemaNewer
        target = script.get_current_head() if revision == "head" else revision
        config = _config()
        config.attributes["connection"] = connection
        event.listen(connection, "after_cursor_execute", lambda *_: fail_points.hit("migrate.statement"))
        behind = now is not None and (target not in order or order.index(target) < order.index(now))
        (command.downgrade if behind else command.upgrade)(config, target or "base")
        fail_points.hit("migrate.before_commit")


def current(connection: Connection) -> str | None:
    """The revision this database is at, or `None` for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def revisions() -> tuple[str, ...]:
    """Every schema version that this program knows, oldest first."""
    return tuple(step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions())[::-1]


def differences(connection: Connection) -> list[str]:
    """What the migrations built that the registered tables do not say, and the other way round; empty when they agree."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = compare_metadata(context, tables.metadata)
    return [
        said for said in map(str, found) if "modify_comment" not in said
    ]  # comments are for the inventory, not the schema


def _config() -> Config:
    config = Config()
    place = str(files("tocsin.store").joinpath("migrations"))
    config.set_main_option("script_location", place.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
