"""`tocsin open`, `package`, `complete`, `custodian`: for whoever holds a key to a recording."""

import os
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from tocsin.clock import SystemClock
from tocsin.crypto import words
from tocsin.evidence import custodian as custodians
from tocsin.evidence.calls import Decision
from tocsin.evidence.complete import complete as complete_
from tocsin.evidence.log_source import Folder, Keeping, Kept, LogSource, Node
from tocsin.evidence.open import open_originals
from tocsin.evidence.opened import Opened
from tocsin.evidence.package import make_package
from tocsin.evidence.sealed import Sealed

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
SECRET_PREFIX = "AGE-SECRET-KEY-1"  # noqa: S105 - the prefix of every age identity, no secret

sealed_argument = click.argument("sealed", type=FILE)
identity_option = click.option("--identity", type=FILE, help="File with the age identity of one of the recipients.")
words_option = click.option("--words", "by_words", is_flag=True, help="Ask for the seven recovery words instead.")
log_option = click.option(
    "--log", "log", metavar="URL|DIR", help="The node's address, or a folder with a copy of its log."
)


@click.command("open")
@sealed_argument
@identity_option
@words_option
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the originals."
)
def open_command(sealed: Path, identity: Path | None, *, by_words: bool, output: Path) -> None:
    """Write the recording in clear: the media as the phone recorded it."""
    with _opened(sealed, identity, by_words=by_words) as opened:
        for written in open_originals(opened, output):
            click.echo(f"{written.path}  {written.size} bytes")


@click.command("package")
@sealed_argument
@identity_option
@words_option
@log_option
@click.option("--custodian", type=FILE, help="The custodian's key (PEM), to sign the package with.")
@click.option("--at", "at", metavar="ISO", help="The time to write as that of making, with offset. Without: now.")
@click.option(
    "--without-log", is_flag=True, help="Go on though the export holds no log and none is given. The package says so."
)
@click.option(
    "--call",
    "calls",
    metavar="N=keep|mute",
    multiple=True,
    help="What was decided on talk N with a lawyer: hand it over, or withhold its picture and sound. Needed for each.",
)
@click.option("-o", "--output", type=NEW_FILE, required=True, help="The package (.zip).")
def package_command(
    sealed: Path,
    identity: Path | None,
    *,
    by_words: bool,
    log: str | None,
    custodian: Path | None,
    at: str | None,
    without_log: bool,
    calls: tuple[str, ...],
    output: Path,
) -> None:
    """Make an evidence package that can be checked without the node, the phone or this program."""
    key = custodians.read_key(custodian) if custodian else None
    made_at = _seconds(at) if at else SystemClock().now_ms() // 1000
    with _opened(sealed, identity, by_words=by_words) as opened:
        source = _source(opened, log, without_log=without_log)
        _write(output, make_package(opened, source, key, made_at, decisions=_decisions(calls)))
    click.echo(f"{output}  Check it: tocsin verify {output}")


@click.command("complete")
@sealed_argument
@identity_option
@words_option
@log_option
@click.option("-o", "--output", type=NEW_FILE, required=True, help="The completed export (.tocsin).")
def complete_command(sealed: Path, identity: Path | None, *, by_words: bool, log: str | None, output: Path) -> None:
    """Put the log's proofs into a sealed export, so that it stands alone when the node is gone."""
    if log is None:
        raise click.UsageError("--log is needed: the node's address, or a folder with a copy of its log.")
    with _opened(sealed, identity, by_words=by_words) as opened:
        _write(output, complete_(opened, source_of(log)))
    click.echo(str(output))


@click.command("custodian")
@click.argument("file", type=NEW_FILE)
def custodian_command(file: Path) -> None:
    """Print a custodian's public key, as the log and `--signer` want it; makes the key file where there is none."""
    key = custodians.read_key(file) if file.exists() else custodians.make_key(file, SystemClock())
    click.echo(b64encode(key.public).decode())


def _decisions(calls: Iterable[str]) -> dict[int, Decision]:
    """`1=keep` and the like, by number."""
    try:
        found = [(int(number), Decision(decision)) for number, _, decision in (one.partition("=") for one in calls)]
    except ValueError as error:
        raise click.UsageError("--call wants a talk's number and a decision, like 1=keep or 2=mute.") from error
    if len(dict(found)) != len(found):
        raise click.UsageError("--call was given twice for one talk.")
    return dict(found)


def source_of(log: str) -> LogSource:
    """A log by its address or folder."""
    is_address = log.startswith(("https://", "http://"))
    return Keeping(Node(log) if is_address else Folder(Path(log)))


def _source(opened: Opened, log: str | None, *, without_log: bool) -> LogSource:
    if log is not None:
        return source_of(log)
    kept = Kept(opened.sealed.log)
    if kept.is_empty and not without_log:
        raise click.UsageError(
            "This export holds no log yet. Give --log with the node's address or a folder with a copy of its log; "
            "with --without-log the package shows no time from outside and says so."
        )
    return kept


@contextmanager
def _opened(sealed: Path, identity: Path | None, *, by_words: bool) -> Iterator[Opened]:
    if by_words == (identity is not None):
        raise click.UsageError("Give either --identity or --words.")
    secret = _identity_in(identity) if identity else _identity_by_words()
    with Sealed(sealed) as found:
        yield Opened.begin(found, secret)


def _identity_in(file: Path) -> str:
    for line in file.read_text().splitlines():
        if line.strip().startswith(SECRET_PREFIX):
            return line.strip()
    raise click.UsageError(f"There is no line that begins with {SECRET_PREFIX} in the identity file.")


def _identity_by_words() -> str:
    said = click.prompt("Recovery words, with spaces", hide_input=True)
    return words.derive(str(said)).identity


def _seconds(text: str) -> int:
    """Unix seconds of an ISO 8601 time that has an offset."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError("--at wants a time like 2026-01-31T12:00:00+00:00.") from error
    if found.tzinfo is None:
        raise click.UsageError("--at wants a time with its offset, like 2026-01-31T12:00:00+00:00.")
    return int(found.timestamp())


def _write(output: Path, parts: Iterable[bytes]) -> None:
    """Write beside the place and move there when whole. Only its owner can read it: the key is inside."""
    if output.exists():
        raise click.UsageError(f"{output} is there already. Nothing was overwritten.")
    fresh = output.with_name(output.name + ".part")
    fresh.unlink(missing_ok=True)  # who left one there, in a folder that others write to, would go on owning it
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, custodians.OWNER_ONLY), "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(output)
    finally:
        fresh.unlink(missing_ok=True)
