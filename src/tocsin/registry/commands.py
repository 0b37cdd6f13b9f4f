"""What an operator types for the registry, on a node that is stopped (SQLite is one process) or on PostgreSQL."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import click
from sqlalchemy import Connection, select

from tocsin.clock import SystemClock
from tocsin.registry import contest, outline, sheet
from tocsin.registry.days import iso
from tocsin.registry.exports import EXPORTS
from tocsin.registry.formats import FORMATS, Given, only
from tocsin.registry.importing import FileNotUnderstood, Report, import_file
from tocsin.registry.judge import Verdict, judge
from tocsin.registry.match import candidates_of, proposals
from tocsin.registry.record import release
from tocsin.registry.room import Registry
from tocsin.registry.tables import held
from tocsin.settings import settings_of
from tocsin.store.db import Database


@contextmanager
def opened(path: Path | None) -> Iterator[Registry]:
    """The registry of the node that the settings name."""
    with closing(Database.open(settings_of(path).database_url)) as database:
        database.migrate()
        yield Registry.open(database, SystemClock())


Command = TypeVar("Command", bound=Callable[..., None])


def files_asked(command: Command) -> Command:
    """Which files, of what kind, and as what: asked alike of a stopped node and of a running one."""
    place = click.Path(exists=True, dir_okay=False, path_type=Path)
    for option in (
        click.option(
            "--only", "words", multiple=True, help="Take only rows with this word or phrase; may be repeated."
        ),
        click.option("--mapping", type=place, help="For csv: which column is what."),
        click.option("--source", "url", default="", help="Address the file was got from, for claims that name none."),
        click.option("--dataset", required=True, help="What its claims are to be known by."),
        click.option(
            "--format", "form", type=click.Choice(sorted(FORMATS)), required=True, help="What kind of file it is."
        ),
        click.argument("files", nargs=-1, required=True, type=place),
    ):
        command = option(command)
    return command


@click.group("registry")
def registry() -> None:
    """The registry: take files in, look at what was held back (docs/run/registry.md)."""


@registry.command("import")
@files_asked
@click.option("--dry-run", "is_dry", is_flag=True, help="Count, and store nothing.")
@click.pass_obj
def import_command(
    path: Path | None,
    files: tuple[Path, ...],
    form: str,
    dataset: str,
    url: str,
    mapping: Path | None,
    words: tuple[str, ...],
    *,
    is_dry: bool,
) -> None:
    """Take files in, going on where it was cut, and print what became of every row. A broken file does not stop the others."""

    def told(report: Report) -> None:
        click.echo(f"{report.rows} rows", err=True)

    kind, broken = FORMATS[form], list[FileNotUnderstood]()
    read = only(words, kind.open(Given(dataset, url, mapping)))
    with opened(path) as here:
        for file in files:
            try:
                done = import_file(
                    here, file, read, dataset, is_dry=is_dry, refreshes=not kind.tells_filters, told=told
                )
            except FileNotUnderstood as error:
                broken.append(error)
                click.echo(json.dumps({"file": file.name, "refused": error.code, "message": error.message}))
                continue
            click.echo(json.dumps({"file": file.name, **done.told()}))
        sheet.catch_up(here.database)
    if broken:
        raise broken[0]


@registry.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(sorted(EXPORTS)), required=True, help="What kind of file to write.")
@click.pass_obj
def export_command(path: Path | None, file: Path, form: str) -> None:
    """Write the whole registry into a new file, and print how much it is."""
    with opened(path) as here, file.open("xb") as out:
        count = here.database.read_now(lambda c: EXPORTS[form](c, out))
    click.echo(f"{count} written")


@registry.command("outlines")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--code", default="code", help="Property of each area that holds its code.")
@click.option("--name", default="nom", help="Property of each area that holds its name.")
@click.pass_obj
def outlines_command(path: Path | None, file: Path, code: str, name: str) -> None:
    """Take outlines of communes, or of whatever else the map is to show, from a GeoJSON file. The same file again changes nothing."""
    if file.stat().st_size > outline.LARGEST:
        raise outline.OutlinesNotUnderstood
    with opened(path) as here:
        many = here.database.write_now(lambda c: outline.take_in(c, file.read_bytes(), code, name))
    click.echo(f"{many} outlines")


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


@registry.command("match")
@click.argument("name", default="")
@click.option("--after", type=int, default=0, help="Without a name: number of the entity to begin behind.")
@click.pass_obj
def match_command(path: Path | None, name: str, after: int) -> None:
    """Print which institutions a name may mean; without a name, pairs of a thousand institutions that may be one. Joins nothing."""

    def told(connection: Connection) -> list[str]:
        pairs = [("", one) for one in candidates_of(connection, name)] if name else list(proposals(connection, after))
        return [f"{one.score:.2f}\t{left}\t{one.id}\t{one.caption}\t{', '.join(one.reasons)}" for left, one in pairs]

    with opened(path) as here:
        lines = here.database.read_now(told)
    for line in lines:
        click.echo(line)


@registry.command("judge")
@click.argument("one")
@click.argument("other")
@click.option(
    "--verdict", type=click.Choice([str(one) for one in Verdict]), required=True, help="What is said of the two."
)
@click.option("--reason", required=True, help="Why; stands on their pages.")
@click.pass_obj
def judge_command(path: Path | None, one: str, other: str, verdict: str, reason: str) -> None:
    """Say that two entities are the same, are not, or that nobody can tell: `unsure` takes back what was said before."""
    with opened(path) as here:
        here.database.write_now(lambda c: judge(c, one, other, Verdict(verdict), reason, here.today))
    click.echo("Logged. It can be taken back: say `unsure` of the same two.")


@registry.command("contests")
@click.pass_obj
def contests_command(path: Path | None) -> None:
    """Print the contests that wait for an answer, those that are due first."""
    with opened(path) as here:
        for one in here.database.read_now(contest.waiting):
            click.echo(json.dumps({**vars(one), "day": iso(one.day), "due": iso(one.due)}))


@registry.command("answer")
@click.argument("reference")
@click.option("--outcome", type=click.Choice(["kept", "corrected", "shown"]), required=True, help="What became of it.")
@click.option("--words", required=True, help="The answer; stands beside the claim.")
@click.pass_obj
def answer_command(path: Path | None, reference: str, outcome: str, words: str) -> None:
    """Answer a contest: the claim is kept, or was wrong; `shown` puts an institution's reply beside it. Forgets what was sent."""
    with opened(path) as here:
        day = here.today
        here.database.write_now(lambda c: contest.answer(c, reference, contest.Outcome(outcome), words, day))
    click.echo("Answered.")
