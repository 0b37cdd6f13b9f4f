"""What the person who runs a node types: its keys, and what it keeps sealed."""

import json
import shlex
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from click.core import ParameterSource

from tocsin import acts, new_keys, serving
from tocsin.arguments import NUMBER
from tocsin.asking import asked
from tocsin.clock import SystemClock
from tocsin.crypto import envelope
from tocsin.own_keys import open_custody, read_published
from tocsin.settings import Settings, settings_of

IDENTITY_LINE = "# Tocsin identity: who has this file opens what was sealed to it. Keep it off the node."


@click.command()
@click.pass_obj
def serve(path: Path | None) -> None:
    """Run the node until it is told to stop."""
    serving.run(settings_of(path))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def check(path: Path | None, *, as_json: bool) -> None:
    """Do everything this node is for, once, and say what does not work yet. Exit status 1 when something does not."""
    settings = settings_of(path)
    clock = SystemClock()
    done = acts.perform(acts.acts_of(settings, clock, _called()), Path(settings.folder), clock)
    for line in done:
        click.echo(_as_json(line) if as_json else _as_words(line))
    sys.exit(0 if all(line.is_good for line in done) else 1)


def _called() -> str:
    """The program as it was called: what is printed to be typed next has to find the same settings."""
    above = click.get_current_context().find_root()
    is_typed = above.get_parameter_source("path") is ParameterSource.COMMANDLINE
    return f"tocsin --settings {shlex.quote(str(above.params['path']))}" if is_typed else "tocsin"


def _as_json(line: acts.Done) -> str:
    found = {"name": line.act.name, "good": line.is_good, "seen": line.seen, "last_good_ms": line.last_good_ms}
    return json.dumps(found | ({} if line.is_good else {"next": line.mend}))


def _as_words(line: acts.Done) -> str:
    mark = click.style("works  ", fg="green") if line.is_good else click.style("MISSING", fg="red", bold=True)
    said = f"{mark} {line.act.name}: {line.seen} (last worked: {_when(line.last_good_ms)})"
    return said if line.is_good else f"{said}\n        next: {line.mend}"


def _when(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC") if unix_ms else "never"


@click.command()
@click.option("--error", "error_id", help="The id that somebody was shown: where in the program, and in which hour.")
@click.pass_obj
def status(path: Path | None, error_id: str | None) -> None:
    """Print what a running node notices of itself: what works, what is refused how often in this hour, recent errors."""
    answer = asked(settings_of(path), {"kind": "status"})
    told = json.loads(answer.read_text())
    answer.unlink()
    if error_id is None:
        click.echo(json.dumps(told, indent=1))
        return
    if error_id not in told["errors"]:
        raise click.ClickException("No error of this id since the node began, or within a day.")
    click.echo(json.dumps(told["errors"][error_id]))


@click.group()
def keys() -> None:
    """The node's own keys (docs/run/keys.md)."""


@keys.command("init")
@click.pass_obj
def keys_init(path: Path | None) -> None:
    """Make the keys that are missing, and print what may be published."""
    settings = settings_of(path)
    new_keys.make(settings, _passphrase(settings, confirm=True), SystemClock())
    click.echo(json.dumps(read_published(settings), indent=1))


@keys.command("unlock")
@click.pass_obj
def keys_unlock(path: Path | None) -> None:
    """Unlock the keys after a reboot. A running node notices within seconds."""
    settings = settings_of(path)
    opened = open_custody(settings).unlock(_passphrase(settings, confirm=False) or "")
    click.echo(f"Unlocked until the next reboot: {', '.join(opened) or 'nothing was locked'}.")


@keys.command("show")
@click.pass_obj
def keys_show(path: Path | None) -> None:
    """Print the verifier keys that phones, witnesses and courts need."""
    click.echo(json.dumps(read_published(settings_of(path)), indent=1))


@click.group()
def sealed() -> None:
    """Recordings as the node keeps them: sealed. For handing one to the lawyer who takes it."""


@sealed.command("list")
@click.pass_obj
def sealed_list(path: Path | None) -> None:
    """Print what a running node keeps: number, state, kind and the day of erasure."""
    told = asked(settings_of(path), {"kind": "sealed-list"})
    click.echo(told.read_text(), nl=False)
    told.unlink()


@sealed.command("export")
@click.argument("recording", type=NUMBER)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to make.")
@click.option("--held", is_flag=True, help="As its legal hold keeps it, whatever was done since.")
@click.pass_obj
def sealed_export(path: Path | None, recording: str, output: Path, *, held: bool) -> None:
    """Write a recording's sealed export. Only its recipients can open it, and its owner sees that it was handed out."""
    made = asked(settings_of(path), {"kind": "sealed", "recording": recording, "held": held})
    if not made.stat().st_size:
        made.unlink()
        raise click.ClickException("The node keeps no recording of this number, or with --held, holds none.")
    shutil.move(made, output)
    click.echo(f"{output}  {output.stat().st_size} bytes, sealed")


@click.command("identity")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to make.")
def identity(output: Path) -> None:
    """Make an identity for a lawyer: an age key that opens what is sealed to its recipient."""
    secret, recipient = envelope.new_identity(SystemClock())
    output.touch(mode=0o600, exist_ok=False)
    output.write_text(f"{IDENTITY_LINE}\n# recipient {recipient}\n{secret}\n")
    click.echo(json.dumps({"recipient": recipient}))


def _passphrase(settings: Settings, *, confirm: bool) -> str | None:
    if settings.keys == "unattended":
        return None
    return str(click.prompt("Passphrase of the node's keys", hide_input=True, confirmation_prompt=confirm))
