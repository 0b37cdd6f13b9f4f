"""A whole small world for packages: a phone, a node's log and notes, witnesses, a timestamp authority, a custodian.

`Scene(seed)` is deterministic but for signatures that draw randomness (ML-DSA, ECDSA). What a test may want to change is a
field.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from tests.crypto.counted_clock import CountedClock
from tests.evidence.authority import Authority
from tests.evidence.memory_blobs import MemoryBlobs
from tocsin.crypto import canonical, envelope
from tocsin.crypto.custody import Session
from tocsin.crypto.keys import PostQuantumKey, SigningKey
from tocsin.crypto.profiles import CHUNK_NOTE_BYTES
from tocsin.crypto.stream import CALL, EVENT, GAP, IMPORT, MEDIA, Writer, parse_chunk
from tocsin.evidence import package
from tocsin.evidence.calls import Decision
from tocsin.evidence.custody import EMPTY_HEAD, Action, Chain, beat_commitment
from tocsin.evidence.log_source import LogKeys
from tocsin.evidence.opened import Opened
from tocsin.evidence.receipt import Receipt, ReceiptSigner
from tocsin.evidence.sealed import Sealed, write_sealed
from tocsin.people import roll
from tocsin.people.statement import Act, KeyStatement, Named, confirm, propose, salted
from tocsin.tlog import entry
from tocsin.tlog import note as notes
from tocsin.tlog.cosignature import Cosigner
from tocsin.tlog.log import Log
from tocsin.tlog.publish import tokens_json
from tocsin.tlog.roll import digest, state_entry

ORIGIN = "sample.example/log"
SESSION_NOTES = 4000
"""After so many a node begins another session (docs/spec/custody.md)."""

T0 = 1_800_000_000_000
"""A whole minute, Unix ms."""


@dataclass
class Scene:
    """What happened, and what came of it. Build with `record`, then ask for `package`."""

    place: Path
    seed: bytes = b"scene"
    witness_count: int = 2
    phone_behind_ms: int = 40
    is_timestamped: bool = True
    is_stamped_late: bool = False
    """No authority answered at the last leaf's beat; one did at the next."""
    is_logged_custodian: bool = True
    is_custodian_gone: bool = False
    is_older_rule: bool = False
    """The custodian's key stands in the log by an operator's word alone, as before format 2."""
    stewards_seed: bytes = b"stewards"
    signed_by: int = 2
    """How many stewards signed for the custodian."""

    is_stopped: bool = True
    kind: str = "encounter"
    continues: tuple[str, int] = ("", 0)
    is_sample: bool = False
    chunks: int = 8
    step_ms: int = 20_000
    mime: str = "video/webm;codecs=vp8,opus"
    restart_at: int = 0
    restart_mime: str = "video/mp4"
    gap_ms: tuple[int, int] = (40_000, 41_000)
    call_at: int = 0
    call_ends_at: int = 0
    is_header_alone: bool = False
    """The only beat falls before the first second is there, and there is one second."""
    received_early_ms: int = 0
    """So long before that beat its note says that it came."""
    unsigned_notes: int = 0
    """The node was of before notes were signed for so many of them."""
    lost_leaf: int = 0
    """Which beat's `leaf` note the node was stopped before writing, counted from 1."""

    body: Callable[[int], bytes] = lambda seq: sha256(seq.to_bytes(8)).digest() * (seq % 5 + 1)
    build: str = "0" * 64
    """The client that the phone says it runs; the log announces that of 64 zeros."""
    source_commit: str = "c0" * 20
    system_files: dict[str, bytes] = field(
        default_factory=lambda: {"sbom.json": b'{"components":[]}\n', "validation.json": b'{"trials":[]}\n'}
    )
    """What the node hands out about its program; an older one hands out nothing."""
    is_announcing: bool = True
    """Whether the node tells where its own entries stand in the log, and how often it beats; older ones did not."""
    session_notes: int = SESSION_NOTES
    is_refused: bool = False
    """Whether the node refused something of the recording, and noted it."""
    keys_seed: bytes = b"town"
    witness_skew_s: int = 0
    sealed_chunks: list[bytes] = field(default_factory=list)
    sealed_notes: list[bytes] = field(default_factory=list)
    tokens: dict[int, bytes] = field(default_factory=dict)
    checkpoints: dict[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = CountedClock(self.seed, T0)
        keys = CountedClock(self.keys_seed)
        self.log_key, self.custodian = SigningKey.generate(keys), SigningKey.generate(keys)
        self.receipts = ReceiptSigner(ORIGIN, SigningKey.generate(keys))
        self.witnesses = [
            Cosigner(f"w{number}.example", SigningKey.generate(keys), PostQuantumKey.generate(keys))
            for number in range(1, 4)
        ]
        self.identity, self.recipient = envelope.new_identity(self.clock)
        self.recording_key = self.clock.random_bytes(32)
        self.writer = Writer(self.recording_key, self.clock)
        self.header = self.writer.header
        self.chain = Chain(self.clock, self.receipts, self.header.recording_id)
        self.session = Session(self.header.recording_id, self.writer.custody_public, self.clock)
        blobs: Any = MemoryBlobs()
        self.log = Log.open(blobs, ORIGIN, self.log_key, self.clock)
        self.wraps = envelope.seal_to([self.recipient], self.recording_key)
        self.newest_head = EMPTY_HEAD
        self.beats = 0
        of_stewards = CountedClock(self.stewards_seed)
        self.stewards = [SigningKey.generate(of_stewards) for _ in range(2)]
        self.newest = (0, self.header.link)
        self._publish_keys()
        self._record()

    @property
    def authority(self) -> Authority:
        return authority_of(self.keys_seed)

    # the log

    def _publish_keys(self) -> None:
        """The beat before the recording, with two stewards and the custodian's key in it."""
        day, node = T0 // 86_400_000 - 2, ORIGIN
        founders = tuple(
            Named(key=b64(key.public), name=name) for key, name in zip(self.stewards, ("Wren", "Owl"), strict=True)
        )
        lawyer = Named(key=self.recipient, name="Quiet Heron", custodian=b64(self.custodian.public))
        acts: list[tuple[Act, tuple[Named, ...]]] = [(Act.STEWARD_FOUND, founders), (Act.DESK_ADD, (lawyer,))]
        acts += [(Act.DESK_REMOVE, (lawyer,))] if self.is_custodian_gone else []
        said = [KeyStatement(act=act, day=day, node=node, salt=salted(self.clock), keys=keys) for act, keys in acts]
        signed = [confirm(propose(one, self.stewards[0]), self.stewards[1]) for one in said]
        signed[1] = propose(said[1], self.stewards[0]) if self.signed_by == 1 else signed[1]
        self.rolled = [roll.entry_of(one) for one in signed]
        if self.is_older_rule:
            told = {
                "act": "add", "age": self.recipient, "custodian": b64(self.custodian.public), "desk": "legal",
                "name": "Quiet Heron", "not_before": T0 // 1000 - 90_000,
            }  # fmt: skip
            self.rolled = [entry.DESK_KEY + canonical.dumps(told)]
        self.places: list[tuple[bytes, int]] = []
        self.announced: list[dict[str, Any]] = []
        for first, end in ((0, 2), (2, 3))[
            : len(self.rolled) - 1 or 1
        ]:  # who comes and goes in one beat may have gone first
            fresh, beat = self.rolled[first:end], T0 // 1000 - 120 + 60 * (first // 2)
            state = state_entry(beat, map(digest, self.rolled[:end]))
            own = self._own_entries() if first == 0 else {}
            made = self.log.append_beat(beat, [*fresh, state, *own])
            placed = zip(own.values(), made.indices[len(fresh) + 1 :], strict=True)
            self.announced += [{"index": index, "kind": kind} for kind, index in placed]
            self.places = [*self.places[:first], *zip([*fresh, state], made.indices[: len(fresh) + 1], strict=True)]
            self.cosign(made.tree_size)

    def _own_entries(self) -> dict[bytes, str]:
        """What a node queues about itself when it begins."""
        release = {"client": "0" * 64, "trust": "1" * 64, "version": "0.1.0"}
        key = {"act": "add", "key": self.receipts.vkey}
        return {
            entry.RECEIPT_KEY + canonical.dumps(key): "receipt-key",
            entry.RELEASE + canonical.dumps(release): "release",
        }

    def cosign(self, size: int) -> None:
        text = notes.parse(self.log.checkpoint_note(size)).text
        time = self.clock.ms // 1000 + self.witness_skew_s
        lines = [line for one in self.witnesses[: self.witness_count] for line in one.cosign(text, time)]
        self.log.add_cosignatures(size, lines)
        self.checkpoints[size] = self.log.checkpoint_note(size).encode()
        if self.is_timestamped:
            self.tokens[size] = self.authority.answer(sha256(text.encode()).digest(), self.clock.ms // 1000)

    def beat(self) -> None:
        """Cover the recording by the next beat of the log."""
        beat = -(-self.clock.ms // 60_000) * 60
        self.clock.ms = max(self.clock.ms, beat * 1000 + 1500)
        (seq, link), salt, head = self.newest, self.clock.random_bytes(32), self.chain.head
        self.note(self.chain.beat(beat, seq, link, salt))
        hidden = beat_commitment(salt, self.header.recording_id, seq, link, head)
        made = self.log.append_beat(beat, [entry.beat_entry(hidden)])
        self.cosign(made.tree_size)
        self.beats += 1
        if self.beats != self.lost_leaf:
            self.note(self.chain.leaf(beat, made.indices[0], made.tree_size, late=False))

    # the recording

    def note(self, plaintext: bytes, padded_to: int = 0) -> None:
        plaintext = self._unsigned(plaintext) if len(self.sealed_notes) < self.unsigned_notes else plaintext
        self.newest_head = self.chain.head
        if self.sealed_notes and len(self.sealed_notes) % self.session_notes == 0:
            self.session = Session(self.header.recording_id, self.writer.custody_public, self.clock)
        self.sealed_notes.append(self.session.seal(plaintext, padded_to))

    def _unsigned(self, plaintext: bytes) -> bytes:
        """The note that stands last in the chain, as it was written before."""
        said = canonical.loads(plaintext)
        assert isinstance(said, dict)
        older = {name: value for name, value in said.items() if name != "g" and (name != "k" or said["n"] == "chunk")}
        self.chain.head = sha256(self.newest_head + canonical.dumps(older)).digest()
        return canonical.dumps(older)

    def act(self, action: Action, actor: str = "node") -> None:
        self.note(self.chain.act(self.clock.ms, actor, action))

    def chunk(self, kind: int, body: bytes, *, final: bool = False) -> None:
        """A second sealed, received and noted."""
        raw = self.writer.seal(kind, self.clock.ms - T0, body, final=final)
        self.sealed_chunks.append(raw)
        parsed = parse_chunk(raw)
        self.newest = (parsed.seq, parsed.link)
        promised = self.clock.ms // 60_000 * 60 + 60
        receipt = Receipt(self.header.recording_id, parsed.seq, parsed.link, self.clock.ms, promised)
        self.note(self.chain.chunk(receipt, self.receipts.sign(receipt).signature), CHUNK_NOTE_BYTES)

    def say(self, kind: int, said: dict[str, object], *, final: bool = False) -> None:
        self.chunk(kind, canonical.dumps(said), final=final)

    def _record(self) -> None:
        self.clock.ms = T0 + 2000
        self.act(Action.CREATED, "phone")
        if self.is_header_alone:
            self.clock.ms += self.received_early_ms
            self.beat()
            self.clock.ms -= self.received_early_ms
            self.say(EVENT, self._start(), final=True)
            self.clock.ms += self.received_early_ms
            self.act(Action.STOPPED)
            return
        self.say(EVENT, self._start())
        media = IMPORT if self.kind == "import" else MEDIA
        for seq in range(1, self.chunks - 1):
            self._pass(self.step_ms)
            if seq == 2:
                self.say(
                    EVENT,
                    {
                        "event": "clock",
                        "at": self.clock.ms - self.phone_behind_ms,
                        "node_ms": self.clock.ms,
                        "round_trip_ms": 31,
                    },
                )
            elif seq == 3:
                self.say(GAP, {"reason": "paused", "from_ms": self.gap_ms[0], "until_ms": self.gap_ms[1]})
            elif seq == self.restart_at:
                self.say(EVENT, {"event": "restarted_media", "at": self.clock.ms, "mime": self.restart_mime})
            elif seq == self.call_at:
                self.say(CALL, {"call": "begin", "at": self.clock.ms})
            elif seq == self.call_ends_at:
                self.say(CALL, {"call": "end", "at": self.clock.ms})
            else:
                self.chunk(media, self.body(seq))
        self._end(media)

    def _end(self, media: int) -> None:
        self._pass(self.step_ms)
        if self.is_stopped:
            self.say(EVENT, {"event": "stop", "reason": "person", "at": self.clock.ms}, final=True)
        else:
            self.chunk(media, self.body(self.chunks - 1))
        self.act(Action.STOPPED if self.is_stopped else Action.CUT)
        self.beat()
        if self.is_stamped_late:
            del self.tokens[self.log.size]
            self.clock.ms += 60_000
            self.cosign(self.log.append_beat(self.clock.ms // 60_000 * 60, []).tree_size)
        if self.is_refused:
            self.note(self.chain.act(self.clock.ms, "phone", Action.REFUSED, "chunk_conflict"))
        self.clock.ms += 90_000
        self.act(Action.FETCHED, "owner")

    def _start(self) -> dict[str, object]:
        return {
            "event": "start", "at": self.clock.ms + 250, "kind": self.kind, "mime": self.mime,
            "width": 640, "height": 360, "build": self.build, "browser": "Chromium 156", "os": "Linux",
            "continues": self.continues[0], "continued_seq": self.continues[1],
            "recipients": [self.recipient], "recipients_note": "desk",
            "place": "not collected",
        }  # fmt: skip

    def _pass(self, milliseconds: int) -> None:
        """Let time pass; a beat that falls into it covers what is there."""
        due = self.clock.ms + milliseconds
        if due // 60_000 > self.clock.ms // 60_000:
            self.beat()
        self.clock.ms = max(self.clock.ms, due)

    # what comes of it

    def keys(self) -> LogKeys:
        vkeys = [str(key) for one in self.witnesses[: max(self.witness_count, 2)] for key in one.vkeys]
        return LogKeys(str(self.log.vkey), (self.receipts.vkey,), tuple(vkeys))

    def file(self, name: str) -> bytes | None:
        """A scene is a `LogSource`."""
        kind, _, rest = name.partition("/")
        if kind == "checkpoint":
            return self.log.checkpoint_note().encode()
        if kind == "beats":
            return self.checkpoints.get(int(rest))
        if kind == "tile":
            return self.log.tile(rest)
        if kind == "timestamps":
            held = self.tokens.get(int(rest))
            return tokens_json({"sample": held}) if held else None
        return self.desk_keys() if kind == "desk-keys" and self.is_logged_custodian else None

    def desk_keys(self) -> bytes:
        size = self.log.size
        *rolled, state = [
            {"entry": b64(one), "index": at, "proof": [b64(part) for part in self.log.inclusion_proof(at, size)]}
            for one, at in self.places
        ]
        listed = [one | {"since": None} for one in sorted(rolled, key=lambda one: int(str(one["index"])))]
        told = {"format": "tocsin.desk/v2", "origin": ORIGIN, "desk": "legal", "checkpoint": self.log.checkpoint_note()}
        return json.dumps(told | {"state": state, "roll": listed}).encode()

    def sealed(self, more: dict[str, bytes] | None = None) -> Path:
        path = self.place / f"{self.seed.hex()}.tocsin"
        about: dict[str, object] = {
            "client": "0" * 64, "origin": ORIGIN, "pack": "sample", "pack_is_sample": self.is_sample, "version": "0.1.0",
            "source_commit": self.source_commit,
            "retention": {"days": {"encounter": 90, "import": 90, "rehearsal": 1}, "leaf": 7, "stewards": [], "table": 1},
        }  # fmt: skip
        if self.is_announcing:
            about["beat_seconds"] = 60
            about["announced"] = sorted(self.announced, key=lambda one: int(one["index"]))
        members = {"node.json": canonical.dumps(about), **self.system_files, **(more or {})}
        whole = write_sealed(self.header.raw, self.wraps, self.sealed_chunks, self.sealed_notes, members)
        path.write_bytes(b"".join(whole))
        return path

    def parts(self, *, custodian: bool = True, decisions: dict[int, Decision] | None = None) -> Iterator[bytes]:
        with Sealed(self.sealed()) as sealed:
            opened = Opened.begin(sealed, self.identity)
            signer = self.custodian if custodian else None
            made_at = self.clock.ms // 1000 + 3600
            yield from package.make_package(opened, self, signer, made_at, decisions=decisions or {})

    def package(self, *, custodian: bool = True, decisions: dict[int, Decision] | None = None) -> Path:
        path = self.place / f"{self.seed.hex()}.zip"
        path.write_bytes(b"".join(self.parts(custodian=custodian, decisions=decisions)))
        return path

    def root_pem(self) -> bytes:
        return self.authority.root.public_bytes(Encoding.PEM)

    def trust(self) -> dict[str, object]:
        vkeys = [str(key) for one in self.witnesses[:2] for key in one.vkeys]
        roots = [self.root_pem().decode()]
        stewards = [b64(key.public) for key in self.stewards]
        return {
            "log": str(self.log.vkey), "witnesses": vkeys, "timestamp_roots": roots, "quorum": 2, "stewards": stewards,
        }  # fmt: skip


@cache
def authority_of(town: bytes) -> Authority:
    """One authority for all scenes of a town."""
    return Authority(f"Timestamps of {town.decode()}")


def b64(raw: bytes) -> str:
    return b64encode(raw).decode()
