"""The tables of a package, from the opened seconds: chunks.csv, events.csv, capture.json, gaps (`docs/spec/package.md`, Tables)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from tocsin.crypto import canonical
from tocsin.crypto.canonical import Value
from tocsin.crypto.stream import CALL, EVENT, GAP, Chunk
from tocsin.evidence.opened import CustodyBroken, Note
from tocsin.evidence.originals import TYPE_NAMES, Placed
from tocsin.evidence.receipt import Receipt, written
from tocsin.ids import RecordingId, unb64

CHUNK_COLUMNS = (
    "seq,type,file,first_byte,last_byte,monotonic_ms,plaintext_sha256,ciphertext_sha256,previous_link,link,"
    "received_at_ms,promised_beat,covered_by_leaf"
)
UNNAMED = "unknown/receipts"
"""In place of the name of a receipt key that the log's source did not tell."""
WITHHELD = "withheld"
"""In place of a type, for a second that the package does not open."""

EVENT_COLUMNS = "seq,type,monotonic_ms,event,at,detail"
KEY_ID = re.compile(r"[0-9a-f]{8}")
WORD = re.compile(r"[a-z_]{1,40}")
"""Nothing else stands bare in a cell: a spreadsheet would run what begins with `=`."""

SPOKEN_FIELD = {EVENT: "event", GAP: "reason", CALL: "call"}
START_FIELDS = (
    "at", "browser", "build", "continued_seq", "continues", "height", "kind", "mime", "os", "place", "recipients_note", "width",
)  # fmt: skip
NEVER_COLLECTED = ("device", "recorder")
ABSENT: dict[str, Value] = {"source": "none", "value": "not collected"}
BY_START = "stated by the phone at the start"
BY_STOP = "stated by the phone at the stop"
BY_CLOCK = "computed from a clock event"


@dataclass
class Tables:
    """Takes the seconds in order and keeps what the tables say. Rows are some 400 bytes a second, a receipt 270."""

    received: Mapping[int, Note]
    leaves: Sequence[tuple[int, int]]
    """`(seq, log index)` of each leaf, by seq."""

    recording_id: RecordingId
    receipt_names: Mapping[str, str]
    """Names of the receipt keys, by the id in a note."""

    receipts: bytearray = field(default_factory=bytearray)
    """Every receipt that the notes hold the signature of, eight lines each (`docs/spec/log.md`)."""

    receipt_count: int = 0
    first_receipt_key: str = ""
    """Id of the key of chunk 0's receipt; empty where it has none."""

    chunk_rows: bytearray = field(default_factory=lambda: bytearray(CHUNK_COLUMNS.encode() + b"\n"))
    event_rows: bytearray = field(default_factory=lambda: bytearray(EVENT_COLUMNS.encode() + b"\n"))
    start: dict[str, Value] = field(default_factory=dict)
    gaps: list[Value] = field(default_factory=list)
    stop_reason: Value = None
    clock: tuple[int, int] | None = None
    """Offset and bound, milliseconds."""

    count: int = 0
    is_final: bool = False
    last_ms: int = 0
    _leaf: int = 0

    def take(self, placed: Placed) -> None:
        """Add one second."""
        self.chunk_rows += self._chunk_row(placed).encode()
        self._take_receipt(placed.second.chunk)
        kind, said = placed.second.inner.type, placed.said
        if kind in SPOKEN_FIELD:
            self.event_rows += event_row(placed).encode()
            self._listen(kind, placed.second.chunk.seq, said or {})
        self.count += 1
        self.is_final = placed.second.chunk.is_final
        if not placed.is_withheld:
            self.last_ms = placed.second.inner.monotonic_ms

    def _chunk_row(self, placed: Placed) -> str:
        chunk, inner = placed.second
        note, place = self.received.get(chunk.seq), placed.place
        while self._leaf < len(self.leaves) and self.leaves[self._leaf][0] < chunk.seq:
            self._leaf += 1
        if placed.is_withheld:
            cells: list[object] = [chunk.seq, WITHHELD, *[""] * 6]
        else:
            cells = [chunk.seq, TYPE_NAMES[inner.type]]
            cells += [place.name, place.first, place.last] if place else ["", "", ""]
            cells += [inner.monotonic_ms, sha256(inner.body).hexdigest(), sha256(chunk.ciphertext).hexdigest()]
        cells += [chunk.previous_link.hex(), chunk.link.hex()]
        cells += [note.number("t"), note.number("b")] if note else ["", ""]
        cells += [self.leaves[self._leaf][1] if self._leaf < len(self.leaves) else ""]
        return ",".join(map(str, cells)) + "\n"

    def _take_receipt(self, chunk: Chunk) -> None:
        note = self.received.get(chunk.seq)
        if note is None or "g" not in note.said:
            return
        receipt = Receipt(self.recording_id, chunk.seq, chunk.link, note.number("t"), note.number("b"))
        key, name = note.text("k"), self.receipt_names.get(note.text("k"), UNNAMED)
        if not KEY_ID.fullmatch(key):
            raise CustodyBroken
        try:
            self.receipts += written(receipt.text(), name, bytes.fromhex(key), unb64(note.text("g")))
        except ValueError as error:
            raise CustodyBroken from error
        self.receipt_count += 1
        if chunk.seq == 0:
            self.first_receipt_key = key

    def _listen(self, kind: int, seq: int, said: dict[str, Value]) -> None:
        if seq == 0:
            self.start = said
        if kind == GAP:
            times: dict[str, Value] = {name: count_of(said.get(name)) for name in ("from_ms", "until_ms")}
            self.gaps.append({**times, "reason": word_of(said.get("reason")), "seq": seq})
        if kind == EVENT and said.get("event") == "stop":
            self.stop_reason = said.get("reason")
        if kind == EVENT and said.get("event") == "clock":
            self._compare_clock(said)

    def _compare_clock(self, said: dict[str, Value]) -> None:
        """The node's clock as the phone saw it: the shortest round trip bounds the offset best."""
        at, node, trip = (said.get(name) for name in ("at", "node_ms", "round_trip_ms"))
        if type(at) is int and type(node) is int and type(trip) is int and (self.clock is None or trip < self.clock[1]):
            self.clock = (node - at, trip)

    def capture(self, more: Mapping[str, Value]) -> bytes:
        """capture.json: each field with its source, and "not collected" where it was not. `more`: fields from elsewhere."""
        found: dict[str, Value] = dict.fromkeys(NEVER_COLLECTED, ABSENT)
        for name in START_FIELDS:
            found[name] = sourced(self.start.get(name, "not collected"), BY_START)
        found["stop_reason"] = sourced("not collected" if self.stop_reason is None else self.stop_reason, BY_STOP)
        offset, bound = self.clock or ("not collected", "not collected")
        found["clock_offset_ms"], found["clock_offset_bound_ms"] = sourced(offset, BY_CLOCK), sourced(bound, BY_CLOCK)
        return canonical.dumps({**found, **more})


def event_row(placed: Placed) -> str:
    """One row of events.csv."""
    chunk, inner = placed.second
    said = placed.said or {}
    detail = '"' + inner.body.decode().replace('"', '""') + '"' if placed.said is not None else ""
    event = word_of(said.get(SPOKEN_FIELD[inner.type]))
    return f"{chunk.seq},{TYPE_NAMES[inner.type]},{inner.monotonic_ms},{event},{count_of(said.get('at'))},{detail}\n"


def sourced(value: Value, source: str) -> Value:
    return ABSENT if value == "not collected" else {"source": source, "value": value}


def word_of(value: object) -> str:
    return value if isinstance(value, str) and WORD.fullmatch(value) else "other"


def count_of(value: object) -> int | str:
    return value if type(value) is int and value >= 0 else ""
