"""A proof that stands alone: `.tlog-proof` of C2SP tlog-proof v1. Entry index, inclusion proof and the checkpoint with
its cosignatures.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog import cosignature, merkle
from tocsin.tlog import note as notes
from tocsin.tlog.checkpoint import Checkpoint
from tocsin.tlog.merkle import HASH_BYTES, Hash
from tocsin.tlog.note import NoteMalformed, NoteUntrusted, VerifierKey

FIRST_LINE = "c2sp.org/tlog-proof@v1"
MOST_HASHES = 63


@dataclass(frozen=True)
class Proof:
    """`note` is the checkpoint note as text; `extra` is carried and never trusted."""

    index: int
    hashes: tuple[Hash, ...]
    note: str
    extra: bytes = b""

    def __str__(self) -> str:
        extra = f"extra {base64.b64encode(self.extra).decode()}\n" if self.extra else ""
        hashes = "".join(merkle.as_base64(part) + "\n" for part in self.hashes)
        return f"{FIRST_LINE}\n{extra}index {self.index}\n{hashes}\n{self.note}"


def parse(text: str) -> Proof:
    """The proof in `text`. Raises `NoteMalformed`. Nothing is verified."""
    lines, blank, note = text.partition("\n\n")
    first, *rest = lines.split("\n")
    if first != FIRST_LINE or not blank:
        raise NoteMalformed
    extra = b""
    if rest and rest[0].startswith("extra "):
        extra = notes.standard_base64(rest.pop(0).removeprefix("extra "))
    if not rest or not rest[0].startswith("index ") or len(rest) > MOST_HASHES + 1:
        raise NoteMalformed
    index = checkpoints.parse_size(rest[0].removeprefix("index "))
    hashes = tuple(notes.standard_base64(line) for line in rest[1:])
    if any(len(part) != HASH_BYTES for part in hashes):
        raise NoteMalformed
    return Proof(index, hashes, note, extra)


def verify(
    proof: Proof, entry: bytes, log: VerifierKey, witnesses: Sequence[VerifierKey], quorum: int
) -> tuple[Checkpoint, dict[str, int]]:
    """The checkpoint that proves `entry`, and when each witness (by name) cosigned it, Unix seconds.

    Raises `ProofWrong` when the entry is not in the tree, `NoteUntrusted` without the log's signature or with fewer
    than `quorum` witnesses:
    several keys of one name are one witness.
    """
    head, note = checkpoints.open_checkpoint(proof.note, log)
    merkle.verify_inclusion(merkle.leaf_hash(entry), proof.index, head.size, proof.hashes, head.root)
    times: dict[str, int] = {}
    for key in witnesses:
        if note.by(key):
            time_s = cosignature.verify(note, key)
            times[key.name] = min(time_s, times.get(key.name, time_s))
    if len(times) < quorum:
        raise NoteUntrusted
    return head, times
