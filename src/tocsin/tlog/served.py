"""What a node serves to phones, held to what its log says it serves: the client's files, and the keys and witnesses it pins.

An auditor asks as a phone does and comes away with one hash to compare with others. A node that serves one person another script is
not found by this, unless that person is the one who asks.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from tocsin.crypto import canonical
from tocsin.errors import TocsinError
from tocsin.tlog.entry import RELEASE

PLACE = "/static/built/"
PINNED = ("alert_keys", "desk_wait_s", "log", "origin", "receipt_key", "sample", "share_recipient", "witnesses")
"""What of `GET /client-config` a phone believes without a proof."""
SCRIPT = re.compile(rb"<script\b([^>]*)>")
SOURCE = re.compile(rb'\bsrc="([^"]*)"')
CONFIG = re.compile(rb'<script type="application/json" id="config">(.*?)</script>', re.DOTALL)
MOST_BYTES = 32 * 1024 * 1024
"""The longest file of a client is what runs the model that finds faces, 13 MB."""


class ServedOddly(TocsinError):
    code = "served_oddly"
    status = 502
    message = "This node does not answer as a node of this version does. Ask its operator which version it runs."


class _Files(msgspec.Struct, frozen=True):
    client: str
    files: dict[str, str]


@dataclass(frozen=True)
class Served:
    """`client`: hash of what was served; `trust`: of what is pinned; `troubles`: plain sentences."""

    client: str
    trust: str
    files: int
    troubles: tuple[str, ...]


def client_hash(sums: Mapping[str, str]) -> str:
    """What `sha256sum * | sha256sum` prints over files, given their SHA-256 in hex by name."""
    lines = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
    return hashlib.sha256(lines.encode()).hexdigest()


def trust_hash(config: Mapping[str, Any]) -> str:
    """Hash over what a client pins."""
    return hashlib.sha256(canonical.dumps({name: config.get(name) for name in PINNED})).hexdigest()


def check(node: httpx.Client, public: Iterable[tuple[int, bytes]], pages: Iterable[str]) -> Served:
    """Fetch everything a phone would. `public`: the log's public entries; `pages`: paths that a phone may open.

    Raises `ServedOddly` for what is no node of this version.
    """
    troubles: list[str] = []
    try:
        told = msgspec.json.decode(_fetch(node, "/client-files"), type=_Files)
        config = msgspec.json.decode(_fetch(node, "/client-config"), type=dict[str, Any])
    except (msgspec.DecodeError, httpx.HTTPError) as error:
        raise ServedOddly from error
    sums = {name: hashlib.sha256(_fetch(node, PLACE + name)).hexdigest() for name in told.files}
    troubles += [
        f"{name} is not the file that the list names." for name, found in sums.items() if found != told.files[name]
    ]
    client, trust = client_hash(sums), trust_hash(config)
    worker = next((name for name in sums if name.startswith("worker-")), "")
    if not _fetch(node, "/worker.js").endswith(_fetch(node, PLACE + worker)):
        troubles.append("/worker.js is not the worker of the client.")
    if (client, trust) not in _released(public):
        troubles.append("The log does not name this client with these keys and witnesses as a release.")
    for page in pages:
        troubles += [f"{page} {what}" for what in _troubles_of(_fetch(node, page), sums, config)]
    return Served(client, trust, len(sums), tuple(troubles))


def _released(public: Iterable[tuple[int, bytes]]) -> set[tuple[str, str]]:
    """The newest release of the log; a set of one, or of none."""
    newest: set[tuple[str, str]] = set()
    for _, entry in sorted(public):
        if entry.startswith(RELEASE):
            said = canonical.loads(entry[len(RELEASE) :])
            newest = {(str(said.get("client")), str(said.get("trust")))} if isinstance(said, dict) else set()
    return newest


def _troubles_of(html: bytes, sums: Mapping[str, str], config: Mapping[str, Any]) -> list[str]:
    """What is odd about a page: scripts that are in it or come from elsewhere, other pins than everybody's."""
    found = []
    for attributes in SCRIPT.findall(html):
        source = SOURCE.search(attributes)
        if source is None and b'type="application/json"' not in attributes:
            found.append("has a script in it.")
        if source is not None and source[1].decode(errors="replace").removeprefix(PLACE) not in sums:
            found.append("loads a script that is not of the client.")
    pins = [msgspec.json.decode(one) for one in CONFIG.findall(html)]
    if any({name: one.get(name) for name in PINNED} != {name: config.get(name) for name in PINNED} for one in pins):
        found.append("pins other keys or witnesses than /client-config tells.")
    return found


def _fetch(node: httpx.Client, path: str) -> bytes:
    try:
        answer = node.get(path)
    except httpx.HTTPError as error:
        raise ServedOddly from error
    if answer.status_code != httpx.codes.OK or len(answer.content) > MOST_BYTES:
        raise ServedOddly
    return answer.content
