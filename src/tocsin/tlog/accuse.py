"""Proofs that a log lied, for anybody who holds its public key: no trust in the one who shows them is needed.

A split view: two signed heads that no single append-only tree has. Backdating: an entry that claims a beat before the
time at which a witness
saw the log without it. Both are canonical JSON and are verified by `verify`.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tocsin.crypto import canonical
from tocsin.errors import TocsinError
from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog import cosignature, merkle
from tocsin.tlog import entry as entries
from tocsin.tlog.merkle import Hash
from tocsin.tlog.note import VerifierKey, standard_base64
from tocsin.tlog.source import ReadLog

PUBLISH_SECONDS = 30
"""A beat is published within this time (docs/spec/log.md)."""
CLOCK_SECONDS = 90
"""How far a witness's clock and the node's may be apart before a difference is called a lie."""


class AccusationWrong(TocsinError):
    """What is shown proves nothing against this log."""

    code = "accusation_wrong"
    status = 422
    message = "This does not prove that the log lied."


@dataclass(frozen=True)
class Accusation:
    """`sentence` says in plain words what the proof in `raw` (canonical JSON) shows."""

    kind: str
    sentence: str
    raw: bytes


class _SplitView(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="split-view"):
    """`small` and `large`: signed heads; `root` and `proof`: what the tree under `large` had at the size of `small`."""

    small: str
    large: str
    root: str
    proof: list[str]


class _Backdated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="backdated"):
    """`entry` at `index`, proven under `head`; `earlier`: a head too small to hold it, cosigned after the beat it
    claims.
    """

    earlier: str
    entry: str
    index: int
    proof: list[str]
    head: str


def split_view(reader: ReadLog, other: str, log: VerifierKey) -> Accusation | None:
    """The accusation that `other` (a signed head of size at most the reader's) makes against the log; `None` if both
    are one tree's.

    Raises `NoteMalformed` or `NoteUntrusted` for a head the log did not sign, `ProofWrong` where its files do not lead
    to its own.
    """
    small, note = checkpoints.open_checkpoint(other, log)
    if small.size > reader.head.size:
        raise AccusationWrong
    root = reader.root_at(small.size)
    proof = reader.consistency_proof(small.size)
    if small.size:
        # Without this a log could answer tiles that fit the head it is asked about and hide the other tree.
        merkle.verify_consistency(small.size, reader.head.size, root, reader.head.root, proof)
    if root == small.root:
        return None
    raw = _dump("split-view", small=str(note), large=str(reader.note), root=merkle.as_base64(root), proof=_texts(proof))
    return verify(raw, log, ())


def backdated(
    reader: ReadLog, index: int, earlier: str, log: VerifierKey, witnesses: Sequence[VerifierKey]
) -> Accusation:
    """The accusation that the time entry at `index` and the cosigned head `earlier` make. Raises `AccusationWrong`."""
    entry, proof = reader.prove(index)
    fields = {"earlier": earlier, "entry": base64.b64encode(entry).decode(), "index": index}
    raw = _dump("backdated", **fields, proof=_texts(proof.hashes), head=proof.note)
    return verify(raw, log, witnesses)


def verify(raw: bytes, log: VerifierKey, witnesses: Sequence[VerifierKey]) -> Accusation:
    """The accusation in `raw`, if it holds against `log`; backdating needs the key of a witness that saw it.

    Raises `AccusationWrong`, `ProofWrong`, `NoteMalformed` or `NoteUntrusted`.
    """
    try:
        canonical.loads(raw)
        found = msgspec.json.decode(raw, type=_SplitView | _Backdated)
    except (canonical.CanonicalError, msgspec.ValidationError) as error:
        raise AccusationWrong from error
    if isinstance(found, _SplitView):
        return Accusation("split-view", _check_split_view(found, log), raw)
    return Accusation("backdated", _check_backdated(found, log, witnesses), raw)


def _check_split_view(found: _SplitView, log: VerifierKey) -> str:
    small, _ = checkpoints.open_checkpoint(found.small, log)
    large, _ = checkpoints.open_checkpoint(found.large, log)
    root = standard_base64(found.root)
    if small.size == 0:
        if small.root == merkle.EMPTY_ROOT:
            raise AccusationWrong
    else:
        merkle.verify_consistency(small.size, large.size, root, large.root, [standard_base64(t) for t in found.proof])
    if root == small.root:
        raise AccusationWrong
    return f"The log signed a tree of {small.size} entries that its tree of {large.size} entries does not extend."


def _check_backdated(found: _Backdated, log: VerifierKey, witnesses: Sequence[VerifierKey]) -> str:
    earlier, note = checkpoints.open_checkpoint(found.earlier, log)
    head, _ = checkpoints.open_checkpoint(found.head, log)
    entry = standard_base64(found.entry)
    proof = [standard_base64(text) for text in found.proof]
    merkle.verify_inclusion(merkle.leaf_hash(entry), found.index, head.size, proof, head.root)
    claimed = entries.parse_time(entry)
    times = [cosignature.verify(note, key) for key in witnesses if note.by(key)]
    if claimed is None or claimed[1] != found.index or earlier.size > found.index or not times:
        raise AccusationWrong
    beat, seen = claimed[0], max(times)
    if seen <= beat + PUBLISH_SECONDS + CLOCK_SECONDS:
        raise AccusationWrong
    return f"The entries from {found.index} on claim the beat {beat}, but at {seen} a witness saw the log without them."


def _dump(kind: str, **fields: Any) -> bytes:
    return canonical.dumps({"kind": kind, **fields})


def _texts(proof: Sequence[Hash]) -> list[str]:
    return [merkle.as_base64(part) for part in proof]
