"""What stewards type about keys: their own, and the legal desk's. Nobody who merely runs the machine can add one.

Two stewards found a node's roll; from then on two of them add a steward or a lawyer, and one takes a lawyer off.
"""

import json
from pathlib import Path
from typing import Any

import click

from tocsin import stewardship
from tocsin.arguments import NUMBER
from tocsin.clock import SystemClock
from tocsin.people import inbox, steward_keys
from tocsin.people import statement as statements
from tocsin.people.statement import Act, Named
from tocsin.people.steward_keys import key_id, spelled
from tocsin.settings import settings_of
from tocsin.steward_commands import (
    FILE,
    NEW_FILE,
    ask,
    confirm_statement,
    day_of,
    hand,
    key_of,
    moment_of,
    plainly,
    proposed_by,
    signing,
)

ALERTS = click.option("--alerts", "of_alerts", is_flag=True, help="A dispatcher's key, for the alert desk.")
PSEUDONYM = click.option("--name", required=True, help="A pseudonym.")
YES = click.option("--yes", is_flag=True, help="Sign without asking back.")


@click.group()
def steward() -> None:
    """Stewards' keys: two of them together hold a recording, change how long things are kept, and say whose keys count."""


@steward.command("new")
@click.option("-o", "--output", type=NEW_FILE, required=True, help="File to make.")
@click.option("--in-clear", is_flag=True, help="Without a pass phrase: the file itself is the secret then.")
def steward_new(output: Path, *, in_clear: bool) -> None:
    """Make a steward's key in a file, and print its public half. Keep the file off the node."""
    if output.exists():
        raise click.UsageError(f"{output} is there already. Nothing was overwritten.")
    said = None if in_clear else str(click.prompt("Pass phrase", hide_input=True, confirmation_prompt=True))
    key = steward_keys.make_key(output, said, SystemClock())
    click.echo(json.dumps({"id": key_id(key.public), "key": spelled(key.public)}))


@steward.command("found")
@click.argument("other", type=NUMBER)
@click.option("--other-name", required=True, help="The other steward's pseudonym.")
@click.option("--name", required=True, help="Your own pseudonym.")
@signing
@click.pass_obj
@plainly
def steward_found(
    path: Path | None,
    other: str,
    other_name: str,
    name: str,
    key_file: Path,
    output: Path | None,
    origin: str | None,
) -> None:
    """Sign that you and the steward of the key OTHER are this node's first two. They confirm; then it is so, once and for all."""
    signer = key_of(key_file)
    keys = (Named(key=spelled(signer.public), name=name), Named(key=other, name=other_name))
    hand(path, proposed_by(path, signer, origin, {"act": Act.STEWARD_FOUND, "keys": keys}), output)


@steward.command("propose")
@click.argument("key", type=NUMBER)
@PSEUDONYM
@signing
@click.pass_obj
@plainly
def steward_propose(
    path: Path | None, key: str, name: str, key_file: Path, output: Path | None, origin: str | None
) -> None:
    """Sign that KEY be a steward's. It counts the pack's wait after a second steward confirmed and the log took it."""
    _propose(path, Act.STEWARD_ADD, Named(key=key, name=name), key_file, output, origin)


@steward.command("remove")
@click.argument("key", type=NUMBER)
@click.option("--name", required=True, help="The pseudonym it was added under.")
@signing
@click.pass_obj
@plainly
def steward_remove(
    path: Path | None, key: str, name: str, key_file: Path, output: Path | None, origin: str | None
) -> None:
    """Sign that KEY be a steward's no more, for good. A second steward confirms. Two always stay."""
    _propose(path, Act.STEWARD_REMOVE, Named(key=key, name=name), key_file, output, origin)


@steward.command("confirm")
@click.argument("statement", type=NUMBER)
@signing
@YES
@click.pass_obj
@plainly
def steward_confirm(
    path: Path | None, statement: str, key_file: Path, output: Path | None, origin: str | None, *, yes: bool
) -> None:
    """Confirm another steward's statement about stewards: STATEMENT is its number, or a file they wrote."""
    confirm_statement(path, statement, key_file, output, origin, yes=yes)


@steward.command("list")
@click.pass_obj
def steward_list(path: Path | None) -> None:
    """Print the stewards whose keys stand in the log, since when each counts, and what waits for a second steward."""
    told = ask(path, {"ask": "stewards"})
    for one in told["stewards"]:
        click.echo(f"{one['id']}  {one['key']}  {one['name']}  {_state(one, told['now'])}")
    _print_waiting(told["waiting"])


@steward.command("hand-in")
@click.argument("file", type=FILE)
@click.option("--later", is_flag=True, help="Leave it for a node that is not running now, and wait for no answer.")
@click.pass_obj
def steward_hand_in(path: Path | None, file: Path, *, later: bool) -> None:
    """Hand a signed statement to the node: one that a steward wrote with --output."""
    signed = statements.read(file.read_bytes())
    if not later:
        hand(path, signed, None)
        return
    inbox.drop(Path(settings_of(path).folder), {"kind": stewardship.KIND, "signed": signed.raw.decode()}, SystemClock())
    click.echo(f"Left for the node: statement {stewardship.number_of(signed)}.")


@click.group()
def desk() -> None:
    """The desks' public keys (rule 19), lawyers' and with --alerts dispatchers': two stewards add one, one takes it off."""


@desk.command("propose")
@click.argument("recipient")
@click.option("--custodian", default="", help="Ed25519 public key (base64) that signs packages.")
@PSEUDONYM
@ALERTS
@signing
@click.pass_obj
@plainly
def desk_propose(
    path: Path | None,
    recipient: str,
    custodian: str,
    name: str,
    key_file: Path,
    output: Path | None,
    origin: str | None,
    *,
    of_alerts: bool,
) -> None:
    """Sign that a key be a desk's. Phones take it after a second steward's, an outside witness's signature and the wait."""
    act = Act.ALERT_DESK_ADD if of_alerts else Act.DESK_ADD
    _propose(path, act, Named(key=recipient, name=name, custodian=custodian), key_file, output, origin)


@desk.command("confirm")
@click.argument("statement", type=NUMBER)
@signing
@YES
@click.pass_obj
@plainly
def desk_confirm(
    path: Path | None, statement: str, key_file: Path, output: Path | None, origin: str | None, *, yes: bool
) -> None:
    """Confirm another steward's statement about a desk's key: STATEMENT is its number, or a file. Compare its words with theirs."""
    confirm_statement(path, statement, key_file, output, origin, yes=yes)


@desk.command("remove")
@click.argument("recipient")
@click.option("--name", required=True, help="The pseudonym it was added under.")
@signing
@click.pass_obj
@plainly
def desk_remove(
    path: Path | None, recipient: str, name: str, key_file: Path, output: Path | None, origin: str | None
) -> None:
    """Take a key off both desks, for good and from the next beat on. One steward is enough."""
    _propose(path, Act.DESK_REMOVE, Named(key=recipient, name=name), key_file, output, origin)


@desk.command("list")
@click.pass_obj
def desk_list(path: Path | None) -> None:
    """Print whose keys stand in the log with their words, since when each counts, and what waits for a second steward."""
    for desk_name, who in (("desk", "lawyers"), ("alert-desk", "dispatchers")):
        told = ask(path, {"ask": desk_name})
        for one in told[who]:
            of = "" if who == "lawyers" else "  alert desk"
            click.echo(f"{one['key']}  {one['name']}  {_state(one, told['now'])}{of}\n  {one['words']}")
        _print_waiting(told["waiting"])


def _propose(
    path: Path | None, act: Act, named: Named, key_file: Path, output: Path | None, origin: str | None
) -> None:
    hand(path, proposed_by(path, key_of(key_file), origin, {"act": act, "keys": (named,)}), output)


def _state(one: dict[str, Any], now: int) -> str:
    return "counts" if one["counts_from"] <= now else f"counts from {moment_of(one['counts_from'])}"


def _print_waiting(found: list[dict[str, Any]]) -> None:
    for one in found:
        keys = ", ".join(f"{key['name']} {key['key']} ({key['words']})" for key in one["keys"])
        click.echo(f"waits: {one['number']}  {one['act']} {keys}  by {one['steward']} on {day_of(one['day'])}")
