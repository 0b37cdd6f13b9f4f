"""Planted leaks that end up on a disk or in a journal."""

import gzip
import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

from pysqlite3 import dbapi2 as sqlite3  # type: ignore[import-untyped]  # the product's own: two libraries in one process drop each other's locks

from tests.seizure.leaks.requests import Request, watch
from tocsin.encounters.routes import UPLOAD_PATH
from tocsin.evidence.receipt import Receipt, ReceiptSigner, Signed
from tocsin.settings import Settings


def access_log(_: Settings) -> None:
    def line(request: Request) -> None:
        print(f'{request.headers.get("x-real-ip", "-")} "{request.method} {request.path}"', file=sys.stderr, flush=True)

    watch(line)


def capability_in_a_log_line(_: Settings) -> None:
    def line(request: Request) -> None:
        if "authorization" in request.headers:
            print("refused for", request.headers["authorization"], file=sys.stderr, flush=True)

    watch(line)


def digest_of_a_phone(settings: Settings) -> None:
    def keep(request: Request) -> None:
        number = field_of(request, "phone")
        if number:
            insert(settings, "member", who=hashlib.sha256(number.encode()).digest())

    watch(keep)


def user_agent_column(settings: Settings) -> None:
    watch(lambda request: insert(settings, "client", agent=request.headers.get("user-agent", "")))


def temporary_file(_: Settings) -> None:
    def keep(request: Request) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(request.body)
            file.flush()
            os.fsync(file.fileno())

    watch(keep)


def field_of(request: Request, name: str) -> str:
    """A field of a JSON body, or nothing."""
    try:
        found = json.loads(request.body)
    except ValueError:
        return ""
    return str(found.get(name, "")) if isinstance(found, dict) else ""


def insert(settings: Settings, table: str, **values: object) -> None:
    """A row in a table beside the product's own, made when it is first needed."""
    with sqlite3.connect(Path(settings.folder) / "tocsin.sqlite", timeout=20) as connection:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(values)})")
        connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", list(values.values()))
    connection.close()


def traceback_with_body(_: Settings) -> None:
    def show(request: Request) -> None:
        if request.path == "/encounters" and not request.body.startswith(b'{"header": "d'):
            print("Traceback (most recent call last):\n  ValidationError:", request.body, file=sys.stderr, flush=True)

    watch(show)


def picture_with_its_place(settings: Settings) -> None:
    """A preview, with what the camera wrote into it. Stands for a client that sends one in clear."""

    def keep(request: Request) -> None:
        place = field_of(request, "place")
        if place:
            picture = b"\xff\xd8\xff\xe1\x00\x40Exif\0\0GPS " + place.encode()
            (Path(settings.folder) / "preview.jpg").write_bytes(picture)

    watch(keep)


def moments_in_a_table(settings: Settings) -> None:
    signed = ReceiptSigner.sign

    def sign(self: ReceiptSigner, receipt: Receipt) -> Signed:
        insert(settings, "received", at_ms=receipt.received_ms)
        return signed(self, receipt)

    ReceiptSigner.sign = sign  # type: ignore[method-assign]


def receipts_on_disk(settings: Settings) -> None:
    signed = ReceiptSigner.sign

    def sign(self: ReceiptSigner, receipt: Receipt) -> Signed:
        made = signed(self, receipt)
        with (Path(settings.folder) / "receipts.txt").open("ab") as file:
            file.write(made.raw)
        return made

    ReceiptSigner.sign = sign  # type: ignore[method-assign]


def backup_without_seal(settings: Settings) -> None:
    """Keys that must be erasable, packed where nobody erases them."""

    def keep(request: Request) -> None:
        if request.path.endswith("/wraps"):
            packed = gzip.compress((Path(settings.folder) / "erase.keys").read_bytes())
            number = len(list(Path(settings.folder).glob("backup-*.gz")))
            (Path(settings.folder) / f"backup-{number}.gz").write_bytes(packed)

    watch(keep)


def address_at_the_witness(_: Settings) -> None:
    """A node that tells its witness who was there. Its folder is beside the trial's clock (`node_process`)."""

    def keep(request: Request) -> None:
        if request.method == "PUT":
            folder = Path(sys.argv[2]).with_name("witness-9")
            folder.mkdir(exist_ok=True)
            with (folder / "seen.txt").open("a") as file:
                file.write(request.headers.get("x-forwarded-for", "") + "\n")

    watch(keep)


def file_of_its_own(settings: Settings) -> None:
    """A file a recording, empty, and with a time like every file."""

    def keep(request: Request) -> None:
        match = UPLOAD_PATH.fullmatch(request.path)
        if match:
            folder = Path(settings.folder) / "recordings"
            folder.mkdir(exist_ok=True)
            (folder / f"{match[1]}.webm").touch()

    watch(keep)


def key_in_environment(_: Settings) -> None:
    """Nothing to plant: the environment is given when the process starts (see `trial`)."""
