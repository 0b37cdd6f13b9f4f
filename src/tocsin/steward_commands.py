"""What a steward types: their own key, holds, the retention table. A steward's key file never has to lie on the node's machine.

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
from tocsin.jurisdictions import load
from tocsin.people import inbox, steward_keys
from tocsin.people import statement as statements
from tocsin.people.statement import Act, Reason, Signed, Statement
from tocsin.people.steward_keys import key_id, spelled
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
def steward() -> None:
    """Stewards' keys: two of them together hold a recording or change how long things are kept."""


@steward.command("new")
@click.option("-o", "--output", type=NEW_FILE, required=True, help="File to make.")
@click.option("--in-clear", is_flag=True, help="Without a pass phrase: the file itself is the secret then.")
def steward_new(output: Path, *, in_clear: bool) -> None:
    """Make a steward's key in a file, and print its public half for `tocsin steward add`. Keep the file off the node."""
    if output.exists():
        raise click.UsageError(f"{output} is there already. Nothing was overwritten.")
    said = None if in_clear else str(click.prompt("Pass phrase", hide_input=True, confirmation_prompt=True))
    key = steward_keys.make_key(output, said, SystemClock())
    click.echo(json.dumps({"id": key_id(key.public), "key": spelled(key.public)}))


@steward.command("add")
@click.argument("key", type=NUMBER)
@click.option("--name", required=True, help="A pseudonym.")
@click.pass_obj
def steward_add(path: Path | None, key: str, name: str) -> None:
    """Put a steward's public key in line for the log. It counts once it has stood there for the pack's wait."""
    settings, clock = settings_of(path), SystemClock()
    wait = load.load(settings.pack).desk_key_wait_s
    body = steward_keys.body("add", key, name, clock.now_ms() // 1000 + wait)
    inbox.drop(Path(settings.folder), {"kind": steward_keys.KIND, "body": body}, clock)
    click.echo(f"In line for the next beat. It counts {wait / 3600:g} h after the log took it.")


@steward.command("remove")
@click.argument("key", type=NUMBER)
@click.option("--name", required=True, help="The pseudonym it was added under.")
@click.pass_obj
def steward_remove(path: Path | None, key: str, name: str) -> None:
    """Take a steward's key off the list, from the next beat on."""
    clock = SystemClock()
    body = steward_keys.body("remove", key, name, clock.now_ms() // 1000)
    inbox.drop(Path(settings_of(path).folder), {"kind": steward_keys.KIND, "body": body}, clock)
    click.echo("In line for the next beat.")


@steward.command("list")
@click.pass_obj
def steward_list(path: Path | None) -> None:
    """Print the stewards whose keys stand in the log, and since when each counts."""
    told = _ask(path, {"ask": "stewards"})
    for one in told["stewards"]:
        state = "counts" if one["counts_from"] <= told["now"] else f"counts from {_moment(one['counts_from'])}"
        click.echo(f"{one['id']}  {one['key']}  {one['name']}  {state}")


@steward.command("hand-in")
@click.argument("file", type=FILE)
@click.pass_obj
def steward_hand_in(path: Path | None, file: Path) -> None:
    """Hand a signed statement to the node: one that a steward wrote with --output."""
    _hand(path, statements.read(file.read_bytes()), None)


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
    _hand(path, _proposed(path, key_file, origin, fields), output)


@hold.command("release")
@click.argument("recording", type=NUMBER)
@signing
@click.pass_obj
@plainly
def hold_release(path: Path | None, recording: str, key_file: Path, output: Path | None, origin: str | None) -> None:
    """Sign that RECORDING be held no longer. It stays held until a second steward confirms."""
    _hand(path, _proposed(path, key_file, origin, {"act": Act.RELEASE, "recording": recording}), output)


@hold.command("confirm")
@click.argument("statement", type=NUMBER)
@signing
@click.option("--yes", is_flag=True, help="Sign without asking back.")
@click.pass_obj
@plainly
def hold_confirm(
    path: Path | None, statement: str, key_file: Path, output: Path | None, origin: str | None, *, yes: bool
) -> None:
    """Confirm another steward's hold or release: STATEMENT is its number, or a file they wrote. Then it is done."""
    _confirm(path, statement, key_file, output, origin, yes=yes)


@hold.command("list")
@click.pass_obj
def hold_list(path: Path | None) -> None:
    """Print what is held, since which day, why and by which stewards' keys; then what waits for a second steward."""
    told = _ask(path, {"ask": "holds"})
    for one in told["holds"]:
        waits = "  erasure waits" if one["erasure_waits"] else ""
        click.echo(
            f"{one['recording']}  since {_day(one['day'])}  {one['reason']}  by {' '.join(one['stewards'])}{waits}"
        )
    _print_waiting(told["waiting"])


@click.group()
def retention() -> None:
    """How long each class of recording is kept: a table that two stewards sign."""


@retention.command("show")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def retention_show(path: Path | None, *, as_json: bool) -> None:
    """Print what counts now, what is coming and when, and what waits for a second steward."""
    told = _ask(path, {"ask": "retention"})
    if as_json:
        click.echo(json.dumps(told))
        return
    if told["kept"] is None:
        click.echo("No table stands in the log yet. Until one does, nothing is erased by its time.")
    for name, one in (told["kept"] or {}).items():
        coming = f", {one['coming_days']} from {_moment(one['coming_from'])}" if one["coming_days"] is not None else ""
        click.echo(f"{name}: {one['days']} days (table {one['number']}){coming}")
    if told["table"]:
        by = " and ".join(told["stewards"]) or "nobody: it is the first, the pack's"
        click.echo(f"Newest table: {told['table']['number']}, entry {told['table']['leaf']} of the log, stewards {by}")
    _print_waiting(told["waiting"])


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
        newest = _ask(path, {"ask": "retention"})["table"]
        if newest is None:
            raise click.ClickException("No table stands in the log yet. Try again after the next beat.")
        days, number = {**newest["days"], **days}, number or newest["number"] + 1
    fields = {"act": Act.RETENTION, "number": number, "days": days}
    _hand(path, _proposed(path, key_file, origin, fields), output)


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
    _confirm(path, statement, key_file, output, origin, yes=yes)


def _proposed(path: Path | None, key_file: Path, origin: str | None, fields: dict[str, Any]) -> Signed:
    clock, node = SystemClock(), origin or settings_of(path).log_origin
    day = clock.now_ms() // 1000 // DAY_SECONDS
    made = Statement(day=day, node=node, salt=statements.salted(clock), **fields)
    return statements.propose(made, _key(key_file))


def _confirm(
    path: Path | None, name: str, key_file: Path, output: Path | None, origin: str | None, *, yes: bool
) -> None:
    file = Path(name)
    raw = file.read_bytes() if file.is_file() else _ask(path, {"ask": "statement", "number": name})["signed"].encode()
    proposed = statements.read(raw)
    said = proposed.statement
    if said.node != (origin or settings_of(path).log_origin):
        raise statements.StatementElsewhere
    about = said.recording or ", ".join(f"{name} {count} days" for name, count in sorted(said.days.items()))
    what = " ".join(part for part in (said.act, about, said.reason) if part)
    click.echo(f"{what}, signed by {key_id(proposed.signatures[0].public)} on {_day(said.day)}")
    if not yes:
        click.confirm("Sign it too?", abort=True)
    _hand(path, statements.confirm(proposed, _key(key_file)), output)


def _key(file: Path) -> SigningKey:
    said = str(click.prompt("Pass phrase", hide_input=True)) if steward_keys.is_sealed(file) else None
    return steward_keys.read_key(file, said)


def _hand(path: Path | None, signed: Signed, output: Path | None) -> None:
    """Give a statement to the node, or to a file for whoever takes it there."""
    if output is not None:
        output.write_bytes(signed.raw)
        click.echo(f"{output}  statement {stewardship.number_of(signed)}")
        return
    told = _ask(path, {"signed": signed.raw.decode()})
    done = "done" if told["acted"] else "waits for a second steward"
    click.echo(f"Statement {told['number']}: {done}.")


def _ask(path: Path | None, wish: dict[str, object]) -> dict[str, Any]:
    """What the running node answers. Raises `NodeRefused`."""
    place = asked(settings_of(path), {"kind": stewardship.KIND} | wish)
    told: dict[str, Any] = json.loads(place.read_bytes())
    place.unlink()
    if "code" in told:
        raise NodeRefused(told["code"], told["message"])
    return told


def _print_waiting(found: list[dict[str, Any]]) -> None:
    for one in found:
        about = one["recording"] or json.dumps(one["days"], sort_keys=True)
        said = " ".join(part for part in (one["act"], about, one["reason"]) if part)
        click.echo(f"waits: {one['number']}  {said}  by {one['steward']} on {_day(one['day'])}")


def _day(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_SECONDS, UTC).strftime("%Y-%m-%d")


def _moment(unix_s: int) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
