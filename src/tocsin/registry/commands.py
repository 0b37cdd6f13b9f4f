"""What an operator types for the registry, on a node that is stopped (SQLite is one process) or on PostgreSQL."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
from sqlalchemy import select

from tocsin.clock import SystemClock
from tocsin.registry import usaspending
from tocsin.registry.importing import Report, import_file
from tocsin.registry.record import release
from tocsin.registry.room import Registry
from tocsin.registry.tables import held
from tocsin.settings import settings_of
from tocsin.store.db import Database

READERS = {"usaspending": usaspending.read}


@contextmanager
def opened(path: Path | None) -> Iterator[Registry]:
    """The registry of the node that the settings name."""
    with closing(Database.open(settings_of(path).database_url)) as database:
        database.migrate()
        yield Registry.open(database, SystemClock())


@click.group("registry")
def registry() -> None:
    """The registry: take files in, look at what was held back (docs/run/registry.md)."""


@registry.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(sorted(READERS)), required=True, help="What kind of file it is.")
@click.option("--dataset", required=True, help="What its claims are to be known by.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Count, and store nothing.")
@click.pass_obj
def import_command(path: Path | None, file: Path, form: str, dataset: str, *, is_dry: bool) -> None:
    """Take a file in, going on where it was cut, and print what became of every row."""

    def told(report: Report) -> None:
        click.echo(f"{report.rows} rows", err=True)

    with opened(path) as here:
        done = import_file(here, file, READERS[form], dataset, is_dry=is_dry, told=told)
    click.echo(json.dumps(done.told()))


@registry.command("held")
@click.pass_obj
def held_command(path: Path | None) -> None:
    """Print which rows of which imports were held back, and why. Their names are in the file they came from, and only there."""
    with opened(path) as here:
        rows = here.database.read_now(lambda c: c.execute(select(held).order_by(held.c.dataset, held.c.row)).all())
    for row in rows:
        click.echo(f"{row.dataset}\t{row.row}\t{row.reason}")


@registry.command("release")
@click.argument("institution")
@click.option("--reason", required=True, help="Why it is no person.")
@click.pass_obj
def release_command(path: Path | None, institution: str, reason: str) -> None:
    """Let an institution's name through that the person rule holds. Import its file again to take its rows in."""
    with opened(path) as here:
        here.database.write_now(lambda c: release(c, institution, reason, here.today))
    click.echo("From the next import on, rows of this institution come in.")
