"""The command line: `tocsin --help` lists everything.

Commands are thin: each reads settings, calls one verb, prints plain sentences. What a room offers stands in its `commands.py`.
"""

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from tocsin import __version__, acts, operator_commands
from tocsin.clock import SystemClock
from tocsin.errors import TocsinError
from tocsin.settings import settings_of

SETTINGS_VARIABLE = "TOCSIN_SETTINGS"


class Plain(click.Group):
    """Turns a refusal into its plain sentence and exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except TocsinError as error:
            click.echo(f"{error.message} ({error.code})", err=True)
            sys.exit(1)


@click.group(cls=Plain)
@click.version_option(__version__)
@click.option(
    "--settings",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar=SETTINGS_VARIABLE,
    help="TOML file with the node's settings.",
)
@click.pass_context
def main(ctx: click.Context, path: Path | None) -> None:
    """Tocsin: a city's people protect each other, and prove what happened."""
    ctx.obj = path


@main.command()
@click.pass_obj
def serve(path: Path | None) -> None:
    """Run the node until it is told to stop."""
    from tocsin import serving

    serving.run(settings_of(path))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def check(path: Path | None, *, as_json: bool) -> None:
    """Do everything this node is for, once, and say what does not work yet. Exit status 1 when something does not."""
    settings = settings_of(path)
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        done = acts.perform(acts.acts_of(settings, clock, Path(folder)), Path(settings.folder), clock)
    for line in done:
        click.echo(_as_json(line) if as_json else _as_words(line))
    sys.exit(0 if all(line.is_good for line in done) else 1)


def _as_json(line: acts.Done) -> str:
    found = {"name": line.act.name, "good": line.is_good, "seen": line.seen, "last_good_ms": line.last_good_ms}
    return json.dumps(found | ({} if line.is_good else {"next": line.act.mend}))


def _as_words(line: acts.Done) -> str:
    mark = click.style("works  ", fg="green") if line.is_good else click.style("MISSING", fg="red", bold=True)
    last = (
        datetime.fromtimestamp(line.last_good_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
        if line.last_good_ms
        else "never"
    )
    said = f"{mark} {line.act.name}: {line.seen} (last worked: {last})"
    return said if line.is_good else f"{said}\n        next: {line.act.mend}"


for command in (operator_commands.keys, operator_commands.desk, operator_commands.identity):
    main.add_command(command)
