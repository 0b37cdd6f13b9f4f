"""The command line: `tocsin --help` lists everything.

Commands are thin: each reads settings, calls one verb, prints plain sentences. They are imported when they are called, so that
`tocsin verify` does not wait for a web server to load.
"""

import gc
import importlib
import sys
from pathlib import Path

import click

from tocsin import __version__, forgetful
from tocsin.arguments import marked
from tocsin.errors import TocsinError

# httpx brings a command line of its own where it can, and with it a quarter second of colours and lexers at each start.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # the import system's word for «not there»

SETTINGS_VARIABLE = "TOCSIN_SETTINGS"

COMMANDS = {
    "backup": "tocsin.backup_commands:backup",
    "cards": "tocsin.jurisdictions.commands:cards",
    "check": "tocsin.operator_commands:check",
    "complete": "tocsin.evidence.commands:complete_command",
    "custodian": "tocsin.evidence.commands:custodian_command",
    "desk": "tocsin.roll_commands:desk",
    "disclose": "tocsin.disclose:disclose",
    "fetch": "tocsin.owner_commands:fetch",
    "hold": "tocsin.steward_commands:hold",
    "identity": "tocsin.operator_commands:identity",
    "init": "tocsin.init_commands:init",
    "keys": "tocsin.operator_commands:keys",
    "log": "tocsin.tlog.commands:log",
    "open": "tocsin.evidence.commands:open_command",
    "package": "tocsin.evidence.commands:package_command",
    "registry": "tocsin.registry_commands:registry",
    "restore": "tocsin.backup_commands:restore",
    "retention": "tocsin.steward_commands:retention",
    "scrub": "tocsin.scrub:scrub_command",
    "sealed": "tocsin.operator_commands:sealed",
    "serve": "tocsin.operator_commands:serve",
    "status": "tocsin.operator_commands:status",
    "steward": "tocsin.roll_commands:steward",
    "verify": "tocsin.evidence.verify_command:verify_command",
    "witness": "tocsin.tlog.witness_commands:witness",
}


class Program(click.Group):
    """Finds a command when it is called, and turns a refusal into its plain sentence and exit status 1."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, marked(args))

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        gc.disable()  # what is loaded stays: looking for circles in it takes a tenth of a start
        try:
            found: click.Command = getattr(importlib.import_module(module), name)
        finally:
            gc.enable()
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args == ["serve"]:
            forgetful.begin()  # before anything is loaded, which takes seconds
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except TocsinError as error:
            click.echo(f"{error.message} ({error.code})", err=True)
            sys.exit(1)


@click.group(cls=Program)
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
