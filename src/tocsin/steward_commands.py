"""What a steward types: holds, the retention table (in `roll_commands`: keys). A steward's key file need never lie on the node.

`--output` writes a signed statement to a file instead of handing it in; `steward hand-in` does that on the node's machine.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from tocsin import stewardship
from tocsin.arguments import NUMBER
from tocsin.asking import asked
from tocsin.clock import SystemClock
from tocsin.crypto.keys import SigningKey
from tocsin.encounters.model import DAY_SECONDS
from tocsin.errors import TocsinError
from tocsin.people import desk_keys, steward_keys
from tocsin.people import statement as statements
from tocsin.people.statement import Act, KeyStatement, Reason, Signed, Statement
from tocsin.people.steward_keys import key_id
from tocsin.settings import settings_of

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
Command = Callable[..., None]


class NodeRefused(TocsinError):
    """What the node said, passed on in its own words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__()
        self.code, self.message = code, message


def signing(command: Command) -> Command:
    """The options of every command that signs: whose key, and where the statement goes."""
    options = (
        click.option("--key", "key_file", type=FILE, required=True, help="Your steward's key file."),
        click.option("-o", "--output", type=NEW_FILE, help="Write the statement to this file, not to the node."),
        click.option("--node", "origin", help="The node's log origin, where its settings are not here."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def plainly(command: Command) -> Command:
    """Refuse an `--output` that is there already before anything is signed."""

    @wraps(command)
    def checked(*arguments: Any, **options: Any) -> None:
        output = options.get("output")
        if output is not None and output.exists():
            raise click.UsageError(f"{output} is there already. Nothing was overwritten.")
        command(*arguments, **options)

    return checked


@click.group()
def hold() -> None:
    """Legal holds: two stewards keep a recording from erasure until two release it."""


@hold.command("set")
@click.argument("recording", type=NUMBER)
@click.option("--reason", type=click.Choice([str(one) for one in Reason]), required=True, help="From this list only.")
@signing
@click.pass_obj
@plainly
def hold_set(
    path: Path | None, recording: str, reason: str, key_file: Path, output: Path | None, origin: str | None
) -> None:
    """Sign that RECORDING be held. Nothing is held until a second steward confirms."""
    fields = {"act": Act.HOLD, "recording": recording, "reason": reason}
    hand(path, proposed_by(path, key_of(key_file), origin, fields), output)


@hold.command("release")
@click.argument("recording", type=NUMBER)
@signing
@click.pass_obj
@plainly
def hold_release(path: Path | None, recording: str, key_file: Path, output: Path | None, origin: str | None) -> None:
    """Sign that RECORDING be held no longer. It stays held until a second steward confirms."""
    hand(path, proposed_by(path, key_of(key_file), origin, {"act": Act.RELEASE, "recording": recording}), output)


@hold.command("thaw")
@click.argument("recording", type=NUMBER)
@signing
@click.pass_obj
@plainly
def hold_thaw(path: Path | None, recording: str, key_file: Path, output: Path | None, origin: str | None) -> None:
    """Sign that RECORDING, which a lawyer froze, may be fetched again. It stays frozen until a second steward confirms."""
    hand(path, proposed_by(path, key_of(key_file), origin, {"act": Act.THAW, "recording": recording}), output)


@hold.command("confirm")
@click.argument("statement", type=NUMBER)
@signing
@click.option("--yes", is_flag=True, help="Sign without asking back.")
@click.pass_obj
@plainly
def hold_confirm(
    path: Path | None, statement: str, key_file: Path, output: Path | None, origin: str | None, *, yes: bool
) -> None:
    """Confirm another steward's hold, release or thaw: STATEMENT is its number, or a file they wrote. Then it is done."""
    confirm_statement(path, statement, key_file, output, origin, yes=yes)


@hold.command("list")
@click.pass_obj
def hold_list(path: Path | None) -> None:
    """Print what is held, since which day, why and by which stewards' keys; what is frozen; what waits for a second steward."""
    told = ask(path, {"ask": "holds"})
    for one in told["holds"]:
        waits = "  erasure waits" if one["erasure_waits"] else ""
        click.echo(
            f"{one['recording']}  since {day_of(one['day'])}  {one['reason']}  by {' '.join(one['stewards'])}{waits}"
        )
    for number in told["frozen"]:
        click.echo(f"{number}  frozen by a lawyer: nobody fetches it until two stewards thaw it")
    print_waiting(told["waiting"])


@click.group()
def retention() -> None:
    """How long each class of recording is kept: a table that two stewards sign."""


@retention.command("show")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def retention_show(path: Path | None, *, as_json: bool) -> None:
    """Print what counts now, what is coming and when, and what waits for a second steward."""
    told = ask(path, {"ask": "retention"})
    if as_json:
        click.echo(json.dumps(told))
        return
    if told["kept"] is None:
        click.echo("No table stands in the log yet. Until one does, nothing is erased by its time.")
    for name, one in (told["kept"] or {}).items():
        coming = (
            f", {one['coming_days']} from {moment_of(one['coming_from'])}" if one["coming_days"] is not None else ""
        )
        click.echo(f"{name}: {one['days']} days (table {one['number']}){coming}")
    if told["table"]:
        by = " and ".join(told["stewards"]) or "nobody: it is the first, the pack's"
        click.echo(f"Newest table: {told['table']['number']}, entry {told['table']['leaf']} of the log, stewards {by}")
    print_waiting(told["waiting"])


@retention.command("propose")
@click.option("--encounter", type=int, help="Days for encounters.")
@click.option("--rehearsal", type=int, help="Days for rehearsals.")
@click.option("--import", "imported", type=int, help="Days for imports.")
@click.option("--number", type=int, help="Number of the new table, where the node is not asked.")
@signing
@click.pass_obj
@plainly
def retention_propose(
    path: Path | None,
    encounter: int | None,
    rehearsal: int | None,
    imported: int | None,
    number: int | None,
    key_file: Path,
    output: Path | None,
    origin: str | None,
) -> None:
    """Sign a new table. What is not named stays as in the newest. Longer counts once it is logged, shorter 7 days after."""
    named = {"encounter": encounter, "rehearsal": rehearsal, "import": imported}
    days = {name: count for name, count in named.items() if count is not None}
    if number is None or len(days) < len(named):
        newest = ask(path, {"ask": "retention"})["table"]
        if newest is None:
            raise click.ClickException("No table stands in the log yet. Try again after the next beat.")
        days, number = {**newest["days"], **days}, number or newest["number"] + 1
    fields = {"act": Act.RETENTION, "number": number, "days": days}
    hand(path, proposed_by(path, key_of(key_file), origin, fields), output)


@retention.command("confirm")
@click.argument("statement", type=NUMBER)
@signing
@click.option("--yes", is_flag=True, help="Sign without asking back.")
@click.pass_obj
@plainly
def retention_confirm(
    path: Path | None, statement: str, key_file: Path, output: Path | None, origin: str | None, *, yes: bool
) -> None:
    """Confirm another steward's table: STATEMENT is its number, or a file they wrote. Then it goes into the log."""
    confirm_statement(path, statement, key_file, output, origin, yes=yes)


def proposed_by(path: Path | None, key: SigningKey, origin: str | None, fields: dict[str, Any]) -> Signed:
    """A fresh statement with the first signature."""
    clock, node = SystemClock(), origin or settings_of(path).log_origin
    day = clock.now_ms() // 1000 // DAY_SECONDS
    kind = KeyStatement if "keys" in fields else Statement
    made = kind(day=day, node=node, salt=statements.salted(clock), **fields)
    return statements.propose(made, key)


def confirm_statement(
    path: Path | None, name: str, key_file: Path, output: Path | None, origin: str | None, *, yes: bool
) -> None:
    """Show another steward's statement, ask, and sign it too."""
    file = Path(name)
    raw = file.read_bytes() if file.is_file() else ask(path, {"ask": "statement", "number": name})["signed"].encode()
    proposed = statements.read(raw)
    said = proposed.statement
    if said.node != (origin or settings_of(path).log_origin):
        raise statements.StatementElsewhere
    click.echo(f"{about(said)}, signed by {key_id(proposed.signatures[0].public)} on {day_of(said.day)}")
    if not yes:
        click.confirm("Sign it too?", abort=True)
    hand(path, statements.confirm(proposed, key_of(key_file)), output)


def about(said: statements.Said) -> str:
    """What a statement is about, for whoever is to sign it. A lawyer's words are compared with what the lawyer says aloud.

    Whoever wrote it chose its words: what would move a terminal's cursor, or hide what stands beside it, is spelled out.
    """
    if isinstance(said, KeyStatement):
        keys = [f"{plain(one.name)} {plain(one.key)} ({desk_keys.fingerprint(one)})" for one in said.keys]
        return f"{said.act} {', '.join(keys)}"
    assert isinstance(said, Statement)
    days = [f"{plain(name)} {count} days" for name, count in sorted(said.days.items())]
    return " ".join(part for part in (said.act, plain(said.recording), ", ".join(days), plain(said.reason)) if part)


def plain(text: str) -> str:
    """Letters as they are, everything that is no letter to be seen by its number."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def key_of(file: Path) -> SigningKey:
    said = str(click.prompt("Pass phrase", hide_input=True)) if steward_keys.is_sealed(file) else None
    return steward_keys.read_key(file, said)


def hand(path: Path | None, signed: Signed, output: Path | None) -> None:
    """Give a statement to the node, or to a file for whoever takes it there."""
    if output is not None:
        output.write_bytes(signed.raw)
        click.echo(f"{output}  statement {stewardship.number_of(signed)}")
        return
    told = ask(path, {"signed": signed.raw.decode()})
    done = "done" if told["acted"] else "waits for a second steward"
    click.echo(f"Statement {told['number']}: {done}.")


def ask(path: Path | None, wish: dict[str, object]) -> dict[str, Any]:
    """What the running node answers. Raises `NodeRefused`."""
    place = asked(settings_of(path), {"kind": stewardship.KIND} | wish)
    told: dict[str, Any] = json.loads(place.read_bytes())
    place.unlink()
    if "code" in told:
        raise NodeRefused(told["code"], told["message"])
    return told


def print_waiting(found: list[dict[str, Any]]) -> None:
    for one in found:
        what = one["recording"] or json.dumps(one["days"], sort_keys=True)
        said = " ".join(part for part in (one["act"], what, one["reason"]) if part)
        click.echo(f"waits: {one['number']}  {said}  by {one['steward']} on {day_of(one['day'])}")


def day_of(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_SECONDS, UTC).strftime("%Y-%m-%d")


def moment_of(unix_s: int) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
