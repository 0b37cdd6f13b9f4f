"""Where the log of a recording is read from: the node, a folder that holds a copy of what it serves, or a completed sealed export.

What a source says is not believed here: proofs are computed from its tiles, and a wrong tile gives a proof that the verifier refuses.
"""

from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import httpx
import msgspec

from tocsin.errors import TocsinError
from tocsin.tlog import checkpoint, note
from tocsin.tlog.tile import Tile, cut, parse_path

SECONDS = 20.0
MOST_BYTES = 16 * 1024 * 1024


class LogUnreadable(TocsinError):
    code = "log_unreadable"
    status = 502
    message = "The log could not be read there. Give the address of the node, or a folder with a copy of its log."


class LogKeys(msgspec.Struct, frozen=True):
    """Verifier keys as a source tells them."""

    log: str | None = None
    """`None`: no log was read."""
    receipts: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()


class Token(NamedTuple):
    """A timestamp as an authority gave it: its name, and DER."""

    authority: str
    der: bytes


class LogSource(Protocol):
    """Everything a package needs of a log, by name below `/log/`: `checkpoint`, `beats/<size>`, `tile/...`, `timestamps/<size>`."""

    def keys(self) -> LogKeys:
        """Raises `LogUnreadable`."""
        ...

    def file(self, name: str) -> bytes | None:
        """`None` where the source has none of that name. `desk-keys` counts as one of the log."""
        ...


class Node:
    """The log of a running node, by its address."""

    def __init__(self, address: str, client: httpx.Client | None = None) -> None:
        self._address = address.rstrip("/")
        self._client = client or httpx.Client(timeout=SECONDS, follow_redirects=False)

    def keys(self) -> LogKeys:
        raw = self._get("/client-config")
        if raw is None:
            raise LogUnreadable
        return keys_of_config(raw)

    def file(self, name: str) -> bytes | None:
        return self._get(f"/{name}" if name == "desk-keys" else f"/log/{name}")

    def _get(self, path: str) -> bytes | None:
        try:
            answer = self._client.get(self._address + path)
        except httpx.HTTPError as error:
            raise LogUnreadable from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.status_code != httpx.codes.OK or len(answer.content) > MOST_BYTES:
            raise LogUnreadable
        return answer.content


class Folder:
    """A copy of what a node serves: its log by the same names, `client-config` and `desk-keys` beside them."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keys(self) -> LogKeys:
        raw = self.file("client-config")
        if raw is None:
            raise LogUnreadable
        return keys_of_config(raw)

    def file(self, name: str) -> bytes | None:
        path = self._root / name
        if path.is_file():
            return path.read_bytes()
        return self._cut(parse_path(name.removeprefix("tile/"))) if ".p/" in name else None

    def _cut(self, wanted: Tile) -> bytes | None:
        """A partial tile out of the full one, where the copy was made later."""
        full = self.file(f"tile/{Tile(wanted.level, wanted.index).path}")
        return None if full is None else cut(full, wanted, 256)


class Kept:
    """The log inside a completed sealed export; without one, of a node that is gone, every question is answered by nothing."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """`files`: `Sealed.log`."""
        self._files = dict(files)
        sizes = [int(name.split("/")[1][:-4]) for name in self._files if name.startswith("checkpoints/")]
        self._newest = max(sizes, default=0)

    @property
    def is_empty(self) -> bool:
        """Whether the export was never completed."""
        return "keys.json" not in self._files

    def keys(self) -> LogKeys:
        try:
            return msgspec.json.decode(self._files.get("keys.json", b"{}"), type=LogKeys)
        except msgspec.DecodeError as error:
            raise LogUnreadable from error

    def file(self, name: str) -> bytes | None:
        return self._files.get(kept_name(name, self._newest))


class Keeping:
    """A source that remembers what was read, so that a sealed export can be completed with exactly that."""

    def __init__(self, source: LogSource) -> None:
        self._source = source
        self._asked: dict[str, bytes | None] = {}
        self.read: dict[str, bytes] = {}

    def keys(self) -> LogKeys:
        found = self._source.keys()
        self.read["keys.json"] = msgspec.json.encode(found, order="sorted")
        return found

    def file(self, name: str) -> bytes | None:
        if name in self._asked:
            return self._asked[name]
        found = self._asked[name] = self._source.file(name)
        if found is not None:
            self.read[kept_name(name, size_of(found) if name == "checkpoint" else 0)] = found
        return found


def kept_name(name: str, newest: int) -> str:
    """The name below `log/` in a sealed export of what a node serves as `name`."""
    kind, _, rest = name.partition("/")
    if kind == "checkpoint":
        return f"checkpoints/{newest}.txt"
    if kind == "beats":
        return f"checkpoints/{rest}.txt"
    return {"timestamps": f"{name}.json", "desk-keys": "desk-keys.json"}.get(kind, name)


def keys_of_config(raw: bytes) -> LogKeys:
    """The keys in the body of `GET /client-config`. Raises `LogUnreadable`."""
    try:
        told = msgspec.json.decode(raw)
        witnesses = tuple(str(one["vkey"]) for one in told["witnesses"])
        receipts = (str(told["receipt_key"]),) if told.get("receipt_key") else ()
        return LogKeys(str(told["log"]), receipts, witnesses)
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
        raise LogUnreadable from error


def size_of(checkpoint_note: bytes) -> int:
    """Tree size of a checkpoint note. Raises `LogUnreadable`."""
    try:
        return checkpoint.parse_text(note.parse(checkpoint_note).text).size
    except note.NoteMalformed as error:
        raise LogUnreadable from error


def tokens_of(source: LogSource, size: int) -> list[Token]:
    """The timestamps of the checkpoint of `size`."""
    raw = source.file(f"timestamps/{size}")
    if raw is None:
        return []
    try:
        told = msgspec.json.decode(raw)
        return [Token(str(one["tsa"]), b64decode(one["token"], validate=True)) for one in told["tokens"]]
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise LogUnreadable from error
