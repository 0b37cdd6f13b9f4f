"""Make an evidence package of a sealed export whose key we hold (`docs/spec/package.md`).

`make_package` reads the recording twice, a chunk at a time: once to measure and to hash, once to write. The same export,
custodian key and time give the same bytes. It believes nothing that it can check, and it does not judge: what is missing is
said in the package's own README, and whether all of it holds is for `verify`, which shares no code with this.
"""

import hashlib
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from tocsin import __version__
from tocsin.crypto import canonical
from tocsin.crypto.keys import SigningKey
from tocsin.crypto.stream import Chunk, parse_chunk
from tocsin.evidence import originals
from tocsin.evidence.by_hand import FirstChunk, instructions, timestamp_name
from tocsin.evidence.calls import Decision, Withholding, told_in_custody, told_in_manifest
from tocsin.evidence.capture import from_elsewhere
from tocsin.evidence.certificates import certificates, text
from tocsin.evidence.covering import Covering, cover
from tocsin.evidence.custody import EMPTY_HEAD
from tocsin.evidence.facts import Facts, Original
from tocsin.evidence.log_source import LogSource
from tocsin.evidence.opened import Opened, RecordingEmpty
from tocsin.evidence.operation import operation
from tocsin.evidence.stored_zip import Archive
from tocsin.evidence.system_description import SYSTEM_FILES, retention
from tocsin.evidence.tables import Tables
from tocsin.evidence.witnessed import witnessed
from tocsin.evidence.words_of_package import LANGUAGES, marked, readme
from tocsin.ids import b64

FORMAT = "tocsin.package/v1"
TOOL = f"tocsin {__version__}"
SIGNED_PREFIX = b"tocsin.package/v1 manifest\n"
COMPARE = (
    "Compare these keys with those that the witnesses and the node's people published before the recording. "
    "Keys that came with a package show only that it agrees with itself."
)
UNTOLD: dict[str, canonical.Value] = {"told": "not stated by the node"}
MIMES = {
    "txt": "text/plain; charset=utf-8", "json": "application/json", "jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8",
    "webm": "video/webm", "mp4": "video/mp4", "ogg": "audio/ogg", "mov": "video/quicktime", "tsr": "application/timestamp-reply",
}  # fmt: skip
ROLES = (
    ("original/media-", "original"), ("original/import-", "original"), ("original/", "ciphertext"), ("certificates/", "certificate"),
    ("system/", "system"), ("log/", "log"), ("keys.json", "key"), ("custody.jsonl", "custody"), ("made.json", "custody"),
    ("chunks.csv", "table"), ("events.csv", "table"), ("capture.json", "table"), ("", "text"),
)  # fmt: skip


PLACE_BYTES = 41
"""Seq, flags and previous link, with which a chunk begins."""

RECORDING = re.compile(r"[A-Za-z0-9_-]{22}")

NO_DECISIONS: Mapping[int, Decision] = {}


class Measured:
    """Size and sums of bytes as they pass."""

    def __init__(self, content: Iterable[bytes] = ()) -> None:
        self.size, self.crc = 0, 0
        self._short, self._long = hashlib.sha256(), hashlib.sha512()
        for part in content:
            self.add(part)

    def add(self, part: bytes) -> None:
        self.size += len(part)
        self.crc = zlib.crc32(part, self.crc)
        self._short.update(part)
        self._long.update(part)

    @property
    def sha256(self) -> str:
        return self._short.hexdigest()

    @property
    def sha512(self) -> str:
        return self._long.hexdigest()


@dataclass
class Member:
    """A file of the package: its sums, and its bytes when they are wanted."""

    sums: Measured
    content: Callable[[], Iterable[bytes]]


@dataclass
class Reading:
    """What the first reading of the recording gave."""

    tables: Tables
    withholding: Withholding
    chunks: Measured = field(default_factory=Measured)
    files: dict[str, Measured] = field(default_factory=dict)
    first: FirstChunk | None = None
    last_link: bytes = b""
    withheld: set[int] = field(default_factory=set)

    def take(self, placed: originals.Placed, public_key: bytes) -> None:
        chunk, body = placed.second.chunk, placed.second.inner.body
        self.tables.take(placed)
        if placed.is_withheld:
            self.withheld.add(chunk.seq)
        self.chunks.add(framed(chunk, is_withheld=placed.is_withheld))
        if placed.place:
            self.files.setdefault(placed.place.name, Measured()).add(body)
        self.first = self.first or FirstChunk(len(chunk.raw), chunk.link, public_key, self.tables.first_receipt_key)
        self.last_link = chunk.link


def make_package(
    opened: Opened,
    source: LogSource,
    custodian: SigningKey | None,
    made_at: int,
    *,
    decisions: Mapping[int, Decision] = NO_DECISIONS,
) -> Iterator[bytes]:
    """The bytes of the package. `made_at`: Unix seconds. `decisions`: what somebody decided on each talk in it, counted from 1.

    Raises before the first byte wherever it cannot be made: `CallUndecided`, `CallUnknown`, `CallEntangled`, `RecordingEmpty`,
    `CustodyBroken`, `LogUnreadable`, or what opening a chunk raises.
    """
    covering = cover(source, opened.notes, custodian.public if custodian else None, opened.sealed.node)
    reading = read_through(opened, covering, decisions)
    reading.withholding.check()
    package_id = _package_id(opened, made_at, reading.last_link)
    facts = _facts(opened, covering, reading, custodian, made_at)
    members = dict(_members(opened, covering, reading, facts, package_id))
    members |= {name: Member(sums, _never) for name, sums in reading.files.items()}
    manifest = _manifest(members, reading, facts, package_id)
    members["manifest.json"] = _whole(manifest)
    if custodian:
        members["manifest.sig"] = _whole(custodian.sign(SIGNED_PREFIX + manifest))
    return _write(opened, members, reading)


def read_through(opened: Opened, covering: Covering, decisions: Mapping[int, Decision] = NO_DECISIONS) -> Reading:
    """Read the recording once, checking every chunk. Raises `RecordingEmpty`, `CallEntangled`."""
    received = {note.number("q"): note for note in opened.notes_of("chunk")}
    names = {key_id: key.name for key_id, key in covering.receipt_keys.items()}
    tables = Tables(received, covering.covered, opened.header.recording_id, names)
    reading = Reading(tables, Withholding(decisions))
    for placed in originals.place(opened.seconds(), reading.withholding):
        reading.take(placed, opened.header.public_key)
    if reading.first is None:
        raise RecordingEmpty
    return reading


def in_order(names: Iterable[str]) -> list[str]:
    """The order of members: README.txt, then by name."""
    return sorted(names, key=lambda name: (name != "README.txt", name))


def _members(
    opened: Opened, covering: Covering, reading: Reading, facts: Facts, package_id: str
) -> Iterator[tuple[str, Member]]:
    """Everything but the originals and the manifest."""
    assert reading.first
    for language in LANGUAGES:
        yield ("README.txt" if language == "en" else f"README.{language}.txt"), _whole(readme(facts, language).encode())
    key = b64decode(facts.custodian) if facts.custodian else None
    by_hand = instructions(covering, reading.first, opened.header.recording_id, key)
    yield "VERIFY.txt", _whole(marked(by_hand, facts).encode())
    node, tables = opened.sealed.node, reading.tables
    yield "capture.json", _whole(tables.capture(from_elsewhere(tables.start, node, covering.announced)))
    yield "chunks.csv", _whole(bytes(tables.chunk_rows))
    yield "events.csv", _whole(bytes(tables.event_rows))
    yield "keys.json", _json(_keys(opened, reading))
    yield "custody.jsonl", _whole(b"".join(note.line + b"\n" for note in opened.notes))
    yield "made.json", _json(_made(opened, facts) | told_in_custody(reading.withholding.talks))
    yield "original/header.bin", _whole(opened.header.raw)
    yield "original/chunks.bin", Member(reading.chunks, lambda: _frames(opened, reading.withheld))
    yield from _log_members(covering)
    if tables.receipts:
        yield "log/receipts.txt", _whole(bytes(tables.receipts))
    for name, content in certificates(facts, package_id).items():
        yield f"certificates/{name}", _whole(content.encode())
    kept = retention(node, [note.said for note in opened.notes_of("act")])
    yield "retention.txt", _whole(marked(kept, facts).encode())
    yield "system/description.txt", _whole(marked(text("description"), facts).encode())
    yield "system/operation.json", _json(operation(node, opened.notes, opened.sealed.notes(), covering))
    for name in SYSTEM_FILES:
        yield f"system/{name}", _whole(opened.sealed.told(name) or canonical.dumps(UNTOLD))
    yield "system/versions.json", _json({"format": FORMAT, "node": node, "tool": TOOL})
    yield "system/verify.py.txt", _whole(resources.files("tocsin.evidence").joinpath("verify.py").read_bytes())


def _log_members(covering: Covering) -> Iterator[tuple[str, Member]]:
    keys = covering.keys
    yield "log/announced.json", _json(covering.announced)
    yield "log/leaves.json", _json(covering.leaves)
    yield "log/consistency.json", _json(covering.consistency)
    yield "log/custodian.json", _json(covering.custodian)
    told = {"compare": COMPARE, "log": keys.log, "receipts": list(keys.receipts), "witnesses": list(keys.witnesses)}
    yield "log/keys.json", _json(told)
    for size, note in covering.checkpoints.items():
        yield f"log/checkpoints/{size}.txt", _whole(note)
    for size, tokens in covering.tokens.items():
        for token in tokens:
            yield f"log/timestamps/{timestamp_name(size, token.authority)}", _whole(token.der)
    if not covering.tokens:
        yield (
            "log/timestamps/NONE.txt",
            _whole(b"MISSING: no timestamp authority signed a checkpoint of this package.\n"),
        )


def _keys(opened: Opened, reading: Reading) -> dict[str, Any]:
    header = opened.header
    return {
        "algorithms": ["HKDF-SHA256", "AES-256-GCM", "Ed25519", "SHA-256", "age v1 X25519"],
        "commitment": header.commitment.hex(),
        **_opening(opened, reading),
        "public_key": header.public_key.hex(),
        "recipients": reading.tables.start.get("recipients", []),
        "recording": b64(header.recording_id),
        "salt": header.salt.hex(),
    }


def _opening(opened: Opened, reading: Reading) -> dict[str, Any]:
    """The one key that opens every second; where some are withheld, the key of each that is not."""
    if not reading.withheld:
        return {"opening_key": opened.opening_key.hex()}
    nonce_start, keys = opened.chunk_keys(reading.tables.count)
    shown = [None if seq in reading.withheld else key.hex() for seq, key in enumerate(keys)]
    return {"base_nonce": nonce_start.hex(), "chunk_keys": shown}


def _made(opened: Opened, facts: Facts) -> dict[str, Any]:
    return {
        "actor": "custodian" if facts.custodian else "reader",
        "at": facts.made_at,
        "custody_count": len(opened.notes),
        "custody_head": (opened.notes[-1].head if opened.notes else EMPTY_HEAD).hex(),
        "tool": TOOL,
    }


def _manifest(members: dict[str, Member], reading: Reading, facts: Facts, package_id: str) -> bytes:
    files = [
        {
            "mime": MIMES.get(name.rpartition(".")[2], "application/octet-stream"),
            "name": name,
            "role": next(role for start, role in ROLES if name.startswith(start)),
            "sha256": members[name].sums.sha256,
            "sha512": members[name].sums.sha512,
            "size": members[name].sums.size,
        }
        for name in in_order(members)
    ]
    custodian = {"key": facts.custodian, "log_index": facts.custodian_index} if facts.custodian else None
    return canonical.dumps(
        {
            "chunk_count": reading.tables.count,
            "custodian": custodian,
            "files": files,
            "format": FORMAT,
            "gaps": reading.tables.gaps,
            "kind": facts.kind,
            "made_at": facts.made_at,
            "media": [{"name": name, "sha256": reading.files[name].sha256} for name in sorted(reading.files)],
            "package_id": package_id,
            "recording": facts.recording,
            "state": "stopped" if facts.is_stopped else "cut",
            "tool": TOOL,
            **told_in_manifest(reading.withholding.talks),
        }
    )


def _facts(opened: Opened, covering: Covering, reading: Reading, custodian: SigningKey | None, made_at: int) -> Facts:
    tables, chunk_notes = reading.tables, opened.notes_of("chunk")
    # One that was made before the first second came has the header's link, and covers none.
    leaves = [one for one in covering.leaves if b64decode(one["link"]) != opened.header.link]
    last = leaves[-1:]
    start, node = tables.start, opened.sealed.node
    started = start.get("at")
    gaps = [
        (str(one["reason"]), _int(one["from_ms"]), _int(one["until_ms"]))
        for one in tables.gaps
        if isinstance(one, dict)
    ]
    seen = witnessed(covering, last[0]["tree_size"]) if last else None
    return Facts(
        recording=b64(opened.header.recording_id),
        kind=str(start.get("kind")),
        is_stopped=tables.is_final,
        chunk_count=tables.count,
        length_ms=tables.last_ms,
        continues=_continued(start),
        started_ms=started if isinstance(started, int) else None,
        first_received_ms=chunk_notes[0].number("t") if chunk_notes else None,
        last_received_ms=chunk_notes[-1].number("t") if chunk_notes else None,
        receipt_count=tables.receipt_count,
        gaps=gaps,
        originals=[Original(name, sums.size, sums.sha256) for name, sums in sorted(reading.files.items())],
        leaf_count=len(leaves),
        covered_seq=last[0]["seq"] if last else None,
        last_beat=last[0]["beat"] if last else None,
        witnesses=seen.witnesses if seen else (),
        timestamps=seen.timestamps if seen else (),
        custodian=b64encode(custodian.public).decode() if custodian else None,
        custodian_index=covering.custodian["index"] if covering.custodian else None,
        made_at=made_at,
        log_name=(covering.keys.log or "").partition("+")[0],
        tool=TOOL,
        calls=sum(talk.decision is Decision.KEEP for talk in reading.withholding.talks),
        muted=sum(talk.decision is Decision.MUTE for talk in reading.withholding.talks),
        withheld=len(reading.withheld),
        is_sample=node.get("pack_is_sample") is True,
    )


def _continued(start: Mapping[str, Any]) -> tuple[str, int] | None:
    """None where the phone named none, and for what no id looks like."""
    name, seq = start.get("continues"), start.get("continued_seq")
    if isinstance(name, str) and RECORDING.fullmatch(name) and type(seq) is int:
        return name, seq
    return None


def _write(opened: Opened, members: dict[str, Member], reading: Reading) -> Iterator[bytes]:
    """The zip. Originals are opened again as they are written: nothing in clear is ever kept on a disk."""
    archive = Archive()
    media = originals.files(opened.seconds(), Withholding(reading.withholding.decisions))
    for name in in_order(members):
        member = members[name]
        content = member.content()
        if member.content is _never:
            found, content = next(media)
            assert found == name
        yield from archive.member(name, member.sums.size, member.sums.crc, content)
    yield archive.end()


def _package_id(opened: Opened, made_at: int, last_link: bytes) -> str:
    named = b"tocsin.package/v1 id\n" + opened.header.recording_id + made_at.to_bytes(8) + last_link
    return b64(hashlib.sha256(named).digest()[:16])


def framed(chunk: Chunk, *, is_withheld: bool) -> bytes:
    """A chunk behind its length. Of one that is withheld: place, links and signature, and nothing that could ever be opened."""
    raw = chunk.raw[:PLACE_BYTES] + chunk.link + chunk.signature if is_withheld else chunk.raw
    return len(raw).to_bytes(4) + raw


def _frames(opened: Opened, withheld: set[int]) -> Iterator[bytes]:
    for raw in opened.sealed.chunks():
        chunk = parse_chunk(raw)
        yield framed(chunk, is_withheld=chunk.seq in withheld)


def _never() -> Iterable[bytes]:
    """Content that comes from the second reading."""
    return ()


def _whole(content: bytes) -> Member:
    return Member(Measured([content]), lambda: [content])


def _json(value: object) -> Member:
    return _whole(canonical.dumps(value))


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
