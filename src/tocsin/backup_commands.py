"""`tocsin backup` and `tocsin restore`: thin, and plain about what is and is not there afterwards."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from tocsin import backup as backups
from tocsin import restore as restores
from tocsin.clock import Clock, SystemClock
from tocsin.errors import TocsinError
from tocsin.restore import ENDED, Asked, Restored, when
from tocsin.settings import settings_of

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SECRET_PREFIX = "AGE-SECRET-KEY-1"  # noqa: S105 - the prefix of every age identity, no secret
STEP_S = 2.0
"""How often long work says how far it is."""


class RecipientMissing(TocsinError):
    code = "backup_recipient_missing"
    status = 422
    message = (
        "Say to whom the backup is sealed: --to age1..., or backup_recipient in the settings. Make the key on another machine with "
        "`tocsin identity --output backup-key.txt` and keep it there."
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", "recipients", multiple=True, metavar="AGE_RECIPIENT", help="Who can open it. May be repeated.")
@click.pass_obj
def backup(path: Path | None, file: Path, recipients: tuple[str, ...]) -> None:
    """Write FILE: what this node may put back, sealed to a key kept elsewhere. The node goes on meanwhile.

    Where FILE is a folder, a file named by the hour is made in it.
    """
    settings, clock = settings_of(path), SystemClock()
    if file.is_dir():
        file /= f"tocsin-{datetime.fromtimestamp(clock.now_ms() / 1000, UTC):%Y-%m-%dT%H%M%SZ}.age"
    sealed_to = recipients or tuple(filter(None, (settings.backup_recipient,)))
    if not sealed_to:
        raise RecipientMissing
    told = Telling(clock, lambda parts, size: f"{parts} parts, {size / 1e6:.1f} MB")
    made = backups.make(settings, file, sealed_to, clock, told.tell)
    click.echo(f"{file}  {made.bytes} bytes, {made.parts} parts, sealed to {', '.join(sealed_to)}")
    click.echo(f"Recovery point: the log's beat of {when(made.beat)}, {made.tree_size} entries.")
    click.echo(
        f"Not in it: erase.keys, unlocked keys, and {made.recordings} recordings. They live here, and where they were fetched."
    )


@click.command()
@click.argument("file", type=FILE)
@click.option("--identity", type=FILE, required=True, help="File with the age identity the backup was sealed to.")
@click.option("--folder", type=click.Path(path_type=Path), required=True, help="A new folder for the node.")
@click.option("--key", "log_key", default="", help="The log's verifier key from a card: any other is refused.")
@click.option("--log", "source", default="", metavar="URL|DIR", help="Where a copy of the log is, for what came after.")
@click.option("--checkpoint", type=FILE, help="A checkpoint of this log that somebody kept.")
@click.option(
    "--witness", "witnesses", multiple=True, metavar="URL", help="A witness to ask beside those in the settings."
)
@click.option(
    "--database", default="", metavar="URL", help="An empty PostgreSQL database, instead of SQLite in the folder."
)
@click.option("--new-log", default="", metavar="NAME", help="The old log has ended: begin a new one under this name.")
def restore(
    file: Path,
    identity: Path,
    folder: Path,
    log_key: str,
    source: str,
    checkpoint: Path | None,
    witnesses: tuple[str, ...],
    new_log: str,
    database: str,
) -> None:
    """Restore a backup into a new folder, after proving that its log is the one the world knows."""
    kept = checkpoint.read_bytes() if checkpoint else b""
    asked = Asked(log_key, source, kept, witnesses, new_log, database)
    clock = SystemClock()
    told = Telling(clock, lambda now, end: f"{now} of {end}")
    done = restores.restore(file, _identity_in(identity), folder, asked, clock, told.tell)
    for line in words_of(done, asked, clock.now_ms() // 1000):
        click.echo(line)


def words_of(done: Restored, asked: Asked, now_s: int) -> list[str]:
    """What was put back, up to when, and what to do next."""
    about, manifest = done.unpacked.about, done.unpacked.manifest
    lines = [
        f"Backup made {when(about['made'])} by version {about['version']}; {manifest['parts']} parts, each as the manifest says.",
        f"Log {manifest['origin']}: {done.size} entries hashed, and they lead to the root it signed.",
        f"Its key, to compare with your card: {done.unpacked.published['log']}",
        *(f"TROUBLE {trouble}" for trouble in done.troubles),
        *(_seen(one.who, one.head.size if one.head else None, done.size) for one in done.seen),
        *_recovery_point(done, now_s),
        _recordings(done),
    ]
    if done.tables.waiting:
        lines.append(
            f"Keys of people that were waiting for the log and are not in it: {done.tables.waiting}. Add them again."
        )
    return [*lines, *_runs(done), *_next(done, asked)]


def _runs(done: Restored) -> list[str]:
    """What the node will run by the settings that came in the file: the log is proven, who wrote those is not."""
    match done.unpacked.settings.get("alarm"):
        case {"command": [_, *_] as command}:
            return [
                f"Its settings have the node run this when something is wrong: {json.dumps(command)}",
                "Only the log is proven: whoever knows your recipient can seal other settings and other staff beside a copy of it.",
                f"If you did not write that command, do not start this; it stands in {done.settings}.",
            ]
    return []


def _recordings(done: Restored) -> str:
    held = int(done.unpacked.about.get("holds", 0))
    duty = f" {held} stood under a legal hold: tell counsel that they are lost." if held else ""
    lost = f"{done.tables.lost} recordings were on the node and are lost with it, unless somebody fetched them: who asks is told."
    return f"{lost} {done.tables.erased} erased ones stay erased.{duty}"


def _seen(who: str, size: int | None, ours: int) -> str:
    if size is None:
        return f"Outside, {who}: no answer."
    return f"Outside, {who}: {size} entries, " + ("more than can be restored." if size > ours else "the same log.")


def _recovery_point(done: Restored, now_s: int) -> list[str]:
    lines = [f"Restored up to the beat of {when(done.beat)}, {_span(now_s - done.beat)} ago."]
    if done.caught_up is not None and done.caught_up.beats:
        after = f"The backup ends at {when(done.backup_beat)}"
        lines.append(
            f"{after}; {done.caught_up.beats} beats after it were fetched and proven, {_span(done.beat - done.backup_beat)} in all."
        )
    elif not done.ahead:
        lines.append("Nothing outside is newer: no beat is missing.")
    return lines


def _next(done: Restored, asked: Asked) -> list[str]:
    program = f"tocsin --settings {done.settings}"
    if asked.new_log:
        return [
            f"The old log has ended and lies in {ENDED}/ for whoever needs its proofs. It signs nothing any more.",
            f"Make new keys, print them on new cards, and tell your witnesses: {program} keys init",
            f"Then: {program} serve",
            f"Stewards and lawyers were signed for the old log. Two of its stewards begin anew: {program} steward found",
        ]
    return [
        "Stop the old node for good before you start this one: two nodes with one key are two logs under one name.",
        f"{program} keys unlock",
        f"{program} serve",
    ]


def _span(seconds: int) -> str:
    """Hours, minutes and seconds."""
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


class Telling:
    """Says on standard error how far long work is, now and then."""

    def __init__(self, clock: Clock, sentence: Callable[[int, int], str]) -> None:
        self._clock, self._sentence = clock, sentence
        self._last = clock.monotonic()

    def tell(self, first: int, second: int) -> None:
        now = self._clock.monotonic()
        if now - self._last >= STEP_S:
            self._last = now
            click.echo(self._sentence(first, second), err=True)


def _identity_in(file: Path) -> str:
    for line in file.read_text().splitlines():
        if line.startswith(SECRET_PREFIX):
            return line.strip()
    raise click.UsageError(f"There is no line that begins with {SECRET_PREFIX} in the identity file.")
