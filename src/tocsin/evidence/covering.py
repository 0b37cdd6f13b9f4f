"""What the log proves of a recording: its leaves, the checkpoints over them, proofs between those, timestamps, the custodian's key.

Everything is computed from a `LogSource`'s tiles. A recording that no beat covers yet has no leaf; the package then says so.
"""

from base64 import b64encode, urlsafe_b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from tocsin.crypto import canonical
from tocsin.evidence.log_source import LogKeys, LogSource, LogUnreadable, Token, size_of, tokens_of
from tocsin.evidence.opened import CustodyBroken, Note
from tocsin.tlog import merkle
from tocsin.tlog.entry import RECEIPT_KEY, RELEASE, SIGNED_DESK_KEY, parse_time
from tocsin.tlog.note import NoteMalformed, VerifierKey, parse_vkey
from tocsin.tlog.tile import ENTRIES, TILE_WIDTH, Tile, reader_of_tiles, split_bundle, split_tile, width_at

ANNOUNCED = {"receipt-key": (RECEIPT_KEY, ("act", "key")), "release": (RELEASE, ("client", "version"))}
"""What a node puts into its log about itself: by its kind the type line, and the texts that it must have."""


class Leaf(NamedTuple):
    """A beat that covers the recording: what its `beat` note said and where the log has it."""

    beat: Note
    place: int
    size: int


@dataclass(frozen=True)
class Covering:
    """The log's part of a package. `leaves` and the rest are what the JSON members hold."""

    keys: LogKeys
    checkpoints: dict[int, bytes]
    leaves: list[dict[str, Any]]
    consistency: list[dict[str, Any]]
    tokens: dict[int, list[Token]]
    custodian: dict[str, Any] | None
    announced: list[dict[str, Any]]

    @property
    def covered(self) -> list[tuple[int, int]]:
        """`(seq, log index)` of each leaf, by seq."""
        return [(leaf["seq"], leaf["index"]) for leaf in self.leaves]

    @property
    def receipt_keys(self) -> dict[str, VerifierKey]:
        """The node's receipt keys, by the id (hex) that a note names. Raises `LogUnreadable`."""
        try:
            return {key.key_id.hex(): key for key in map(parse_vkey, self.keys.receipts)}
        except NoteMalformed as error:
            raise LogUnreadable from error


def cover(
    source: LogSource, notes: Sequence[Note], custodian_key: bytes | None, node: Mapping[str, canonical.Value]
) -> Covering:
    """Read and prove. `node`: what the node said of itself.

    Raises `LogUnreadable` where the source lacks what it must have, `CustodyBroken` for notes at odds.
    """
    keys = source.keys()
    found = leaves_of(notes) if keys.log else []
    checkpoints = _checkpoints(source, found)
    announced = list(_announced(source, node, max(checkpoints, default=0)))
    desk_key = _desk_key(source, custodian_key, checkpoints)
    leaves = [_prove(source, leaf) for leaf in found]
    if leaves and (before := leaves[0]["first"]) and (raw := source.file(f"beats/{before}")) is not None:
        checkpoints[before] = raw
    checkpoints = dict(sorted(checkpoints.items()))
    newest = max(checkpoints, default=0)
    consistency = [
        {"from": old, "proof": _texts(merkle.consistency_proof(old, new, _reader(source, newest))), "to": new}
        for old, new in pairwise(checkpoints)
    ]
    tokens = {size: held for size in checkpoints if (held := tokens_of(source, size))}
    return Covering(keys, checkpoints, leaves, consistency, tokens, desk_key, announced)


def leaves_of(notes: Sequence[Note]) -> list[Leaf]:
    """The `leaf` notes with the `beat` note before each. A `beat` note without one is a node that stopped in between."""
    found: list[Leaf] = []
    beat: Note | None = None
    for note in notes:
        if note.said["n"] == "beat":
            beat = note
        elif note.said["n"] == "leaf":
            if beat is None or beat.said.get("beat") != note.said.get("beat"):
                raise CustodyBroken
            found.append(Leaf(beat, note.number("leaf"), note.number("size")))
            beat = None
    return found


def _checkpoints(source: LogSource, leaves: Sequence[Leaf]) -> dict[int, bytes]:
    """The covering checkpoints and the newest, by size."""
    found: dict[int, bytes] = {}
    newest = source.file("checkpoint")
    if newest is not None and size_of(newest):
        found[size_of(newest)] = newest
    for leaf in leaves:
        raw = source.file(f"beats/{leaf.size}")
        if raw is None and leaf.size not in found:
            raise LogUnreadable
        if raw is not None:
            found[leaf.size] = raw
    return found


def _announced(source: LogSource, node: Mapping[str, canonical.Value], size: int) -> Iterator[dict[str, Any]]:
    """Entries of the log about the node itself, where the node says that they stand, in the tree of `size`. Its word finds them and
    proves nothing: what is no such entry is left out.
    """
    for index, kind in places_told(node):
        if index < size and said_in(entry := _entry(source, index, size), kind):
            proof = _texts(merkle.inclusion_proof(index, size, _reader(source, size)))
            yield {"entry": _text(entry), "index": index, "kind": kind, "proof": proof, "tree_size": size}


def said_in(entry: bytes, kind: str) -> dict[str, canonical.Value] | None:
    """What an entry of `kind` says; `None` for one that is not of that kind or not well spelled."""
    line, texts = ANNOUNCED[kind]
    try:
        said = canonical.loads(entry.removeprefix(line))
    except canonical.CanonicalError:
        return None
    is_right = isinstance(said, dict) and all(isinstance(said.get(text), str) for text in texts)
    return said if isinstance(said, dict) and is_right and entry.startswith(line) else None


def places_told(node: Mapping[str, canonical.Value]) -> list[tuple[int, str]]:
    """Index and kind of what a node says that it announced, by index; nothing where it does not say, or not well."""
    told, found = node.get("announced"), dict[int, str]()
    for one in told if isinstance(told, list) else ():
        match one:
            case {"index": int(index), "kind": str(kind)} if type(index) is int and index >= 0 and kind in ANNOUNCED:
                found[index] = kind
    return sorted(found.items())


def _prove(source: LogSource, leaf: Leaf) -> dict[str, Any]:
    first, time_entry = _time_before(source, leaf)
    said, read = leaf.beat, _reader(source, leaf.size)
    return {
        "beat": said.number("beat"),
        "custody_head": _text(said.head_before),
        "entry": _text(_entry(source, leaf.place, leaf.size)),
        "first": first,
        "index": leaf.place,
        "link": said.text("link"),
        "proof": _texts(merkle.inclusion_proof(leaf.place, leaf.size, read)),
        "salt": said.text("salt"),
        "seq": said.number("seq"),
        "time_entry": _text(time_entry),
        "time_proof": _texts(merkle.inclusion_proof(first, leaf.size, read)),
        "tree_size": leaf.size,
    }


def _time_before(source: LogSource, leaf: Leaf) -> tuple[int, bytes]:
    """The last time entry before the leaf, which names its beat, and its index."""
    for where in range(leaf.place // TILE_WIDTH, -1, -1):
        start = where * TILE_WIDTH
        entries = _bundle(source, where, leaf.size)[: leaf.place - start]
        for offset, entry in reversed(list(enumerate(entries))):
            told = parse_time(entry)
            if told and told[1] == start + offset:
                return start + offset, entry
    raise LogUnreadable


def _entry(source: LogSource, index: int, size: int) -> bytes:
    where, offset = divmod(index, TILE_WIDTH)
    return _bundle(source, where, size)[offset]


def _bundle(source: LogSource, where: int, size: int) -> list[bytes]:
    width = width_at(size, ENTRIES, where)
    return split_bundle(_tile(source, Tile(ENTRIES, where, width)), width)


def _reader(source: LogSource, size: int) -> merkle.Reader:
    return reader_of_tiles(size, lambda where: split_tile(_tile(source, where), where.width))


def _tile(source: LogSource, where: Tile) -> bytes:
    raw = source.file(f"tile/{where.path}")
    if raw is None:
        raise LogUnreadable
    return raw


def _desk_key(source: LogSource, key: bytes | None, checkpoints: dict[int, bytes]) -> dict[str, Any] | None:
    """The custodian's place on the roll, with the whole roll and its proofs; adds the checkpoint it stands under."""
    raw = source.file("desk-keys")
    if raw is None or key is None:
        return None
    try:
        told = msgspec.json.decode(raw)
        if "roll" not in told or told["state"] is None:
            return None  # a node before format 2 of the list: what an operator alone put there proves nobody
        places = [int(one["index"]) for one in told["roll"] if _is_of(_bytes(one["entry"]), key)]
        if not places:
            return None
        note = str(told["checkpoint"]).encode()
        size = size_of(note)
        checkpoints.setdefault(size, note)
        roll = [_entered(one) for one in told["roll"]]
        return {"index": places[0], "roll": roll, "state": _entered(told["state"]), "tree_size": size}
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise LogUnreadable from error


def _entered(one: dict[str, Any]) -> dict[str, Any]:
    proof = _texts([_bytes(part) for part in one["proof"]])
    return {"entry": _text(_bytes(one["entry"])), "index": int(one["index"]), "proof": proof}


def _is_of(entry: bytes, key: bytes) -> bool:
    """Whether an entry adds the lawyer who signs packages with `key`. Whether it counts is the verifier's to say."""
    if not entry.startswith(SIGNED_DESK_KEY):
        return False
    match canonical.loads(entry[len(SIGNED_DESK_KEY) :]):
        case {"statement": {"act": "desk-add", "keys": [{"custodian": str(custodian)}]}}:
            return custodian == _text(key)
    return False


def _bytes(text: str) -> bytes:
    """Either alphabet of base64, with or without padding."""
    plain = text.replace("+", "-").replace("/", "_").rstrip("=")
    return urlsafe_b64decode(plain + "=" * (-len(plain) % 4))


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()


def _texts(parts: Sequence[bytes]) -> list[str]:
    return [_text(part) for part in parts]
