"""`tocsin log`: thin; each reads what it is given, calls one thing, prints plain sentences."""

import json
import sys
from base64 import b64decode
from pathlib import Path

import click
import httpx

from tocsin.clock import SystemClock
from tocsin.errors import TocsinError
from tocsin.store import disk
from tocsin.store.blobs import DiskBlobs
from tocsin.tlog import entry as entries
from tocsin.tlog import note as notes
from tocsin.tlog import promise, served
from tocsin.tlog.audit import Auditor, Report, Seen
from tocsin.tlog.catch_up import catch_up
from tocsin.tlog.log import Log
from tocsin.tlog.promise import Opening
from tocsin.tlog.source import HttpSource, ReadLog

URL = click.option("--url", required=True, help="Prefix of the log's addresses, as https://node.example/log.")
KEY = click.option("--key", "vkey", required=True, help="The log's verifier key, from an outside publication.")
SERVED_PAGES = ("/en/", "/en/rehearsal", "/en/import", "/en/recover", "/en/verify")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def log() -> None:
    """Read a log as anybody may: print it, prove an entry, audit all of it."""


@log.command("print")
@URL
@KEY
@click.option("--entries", "count", default=0, help="Also print the newest COUNT entries.")
def log_print(url: str, vkey: str, count: int) -> None:
    """Print the newest checkpoint and, on request, the newest entries."""
    with httpx.Client(trust_env=False) as client:
        reader = ReadLog(HttpSource(url, client), notes.parse_vkey(vkey))
        click.echo(str(reader.note), nl=False)
        for index in range(max(0, reader.head.size - count), reader.head.size):
            click.echo(f"{index} {_shown(reader.entry(index))}")


@log.command("prove")
@URL
@KEY
@click.argument("index", type=click.IntRange(min=0))
def log_prove(url: str, vkey: str, index: int) -> None:
    """Print a proof of the entry at INDEX (C2SP tlog-proof), checked before it is printed."""
    with httpx.Client(trust_env=False) as client:
        entry, proof = ReadLog(HttpSource(url, client), notes.parse_vkey(vkey)).prove(index)
    click.echo(_shown(entry), err=True)
    click.echo(str(proof), nl=False)


@log.command("copy")
@URL
@KEY
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def log_copy(url: str, vkey: str, folder: Path) -> None:
    """Keep a proven copy of a log in FOLDER; the next run adds what is new. For whoever would help it back after a loss."""
    disk.make_directory(folder.absolute().parent)
    disk.hold(Path(f"{folder.absolute()}.lock"))  # a run that takes longer than a timer's step is not met by the next
    copy = Log.copy(DiskBlobs(folder), notes.parse_vkey(vkey), SystemClock())
    with httpx.Client(trust_env=False) as client:
        added = catch_up(copy, HttpSource(url, client))
    click.echo(f"{added.size} entries, {added.beats} beats of them new.")


@log.command("audit")
@URL
@KEY
@click.option("--witness", "witnesses", multiple=True, help="Verifier key of a witness you trust. Repeat for each key.")
@click.option("--quorum", default=0, help="How many witnesses must have cosigned the newest head.")
@click.option(
    "--state", type=click.Path(dir_okay=False, path_type=Path), help="Where to keep what was seen, for the next audit."
)
@click.option("--against", type=FILE, help="A checkpoint somebody else was shown.")
@click.option("--receipt", type=FILE, help="A receipt whose promise to check.")
@click.option("--receipt-key", help="Verifier key of the receipts.")
@click.option(
    "--opening",
    type=FILE,
    help="What the recording's reader knows of its leaf (JSON), to check the receipt to the end.",
)
@click.option(
    "--proofs", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Where to write proof of a lie."
)
def log_audit(
    url: str,
    vkey: str,
    witnesses: tuple[str, ...],
    quorum: int,
    state: Path | None,
    against: Path | None,
    receipt: Path | None,
    receipt_key: str | None,
    opening: Path | None,
    proofs: Path,
) -> None:
    """Read the whole log and hold it to everything it said. Exit status 1 when it did not keep its word."""
    auditor = Auditor(notes.parse_vkey(vkey), tuple(map(notes.parse_vkey, witnesses)), quorum)
    # The promise of a receipt may lie before what was seen last: read everything then.
    before = Seen.loads(state.read_bytes()) if state and state.exists() and receipt is None else None
    with httpx.Client(trust_env=False) as client:
        source = HttpSource(url, client)
        report = auditor.audit(source, before)
        if against and (accusation := auditor.compare(source, against.read_text())):
            report.accusations.append(accusation)
        if receipt:
            reader = ReadLog(source, auditor.log)
            _check_receipt(receipt, receipt_key, opening, reader, report)
    _print_report(report, proofs)
    if state and report.seen and not report.accusations:
        state.write_bytes(report.seen.dumps())
    sys.exit(0 if report.is_clean else 1)


@log.command("served")
@click.argument("address")
@KEY
@click.option("--client", "wanted", help="The client's hash that somebody else was served, or a release's.")
def log_served(address: str, vkey: str, wanted: str | None) -> None:
    """Fetch what the node at ADDRESS serves to phones, and hold it to its log's newest release. Exit status 1 when they differ."""
    with httpx.Client(base_url=address.rstrip("/"), trust_env=False) as client:
        report = Auditor(notes.parse_vkey(vkey)).audit(HttpSource(f"{address.rstrip('/')}/log", client))
        found = served.check(client, report.public, SERVED_PAGES)
    click.echo(f"client {found.client}, {found.files} files")
    click.echo(f"keys and witnesses {found.trust}")
    troubles = [*report.troubles, *found.troubles]
    if wanted and wanted != found.client:
        troubles.append("This is another client than the one you named.")
    for trouble in troubles:
        click.echo(f"TROUBLE {trouble}")
    sys.exit(1 if troubles else 0)


def _check_receipt(path: Path, vkey: str | None, opening: Path | None, reader: ReadLog, report: Report) -> None:
    """Add to `report` whether the receipt's promise was kept."""
    if vkey is None:
        raise click.UsageError("--receipt needs --receipt-key")
    try:
        found = promise.read_receipt(path.read_bytes(), notes.parse_vkey(vkey), reader.head.origin)
        if opening is None:
            promise.check_reached(found, report)
            click.echo(
                "The receipt is genuine and the log has reached its beat. Without --opening more cannot be said."
            )
        else:
            beat = promise.check_kept(found, _opening(opening), reader, report)
            click.echo(f"The promise was kept: beat {beat.beat}, seen by {len(beat.cosigned)} witnesses.")
    except TocsinError as error:
        report.troubles.append(error.message)


def _opening(path: Path) -> Opening:
    """The JSON file with salt, link, custody_head (standard base64), seq and leaf."""
    found = json.loads(path.read_text())
    salt, link, custody_head = (b64decode(found[name], validate=True) for name in ("salt", "link", "custody_head"))
    return Opening(salt, int(found["seq"]), link, custody_head, int(found["leaf"]))


def _print_report(report: Report, proofs: Path) -> None:
    click.echo(f"{report.size} entries, {report.entries} of them read now in {len(report.beats)} beats.")
    for name, time_s in sorted(report.cosigned.items()):
        click.echo(f"newest head cosigned by {name} at {time_s}")
    for index, entry in report.public:
        click.echo(f"{index} {_shown(entry)}")
    for trouble in report.troubles:
        click.echo(f"TROUBLE {trouble}")
    for number, accusation in enumerate(report.accusations):
        proofs.mkdir(parents=True, exist_ok=True)
        path = proofs / f"{accusation.kind}-{report.size}-{number}.json"
        path.write_bytes(accusation.raw)
        click.echo(f"LIED {accusation.sentence} Proof: {path}")
    if report.is_clean:
        click.echo("The log kept its word.")


def _shown(entry: bytes) -> str:
    """An entry on one line; commitments and filler as hex."""
    kind, _, body = entry.partition(b"\n")
    return f"{kind.decode(errors='replace')} {body.hex() if entry.startswith(entries.BEAT) else body.decode(errors='replace')}"
