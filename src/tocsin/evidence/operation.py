"""system/operation.json: what a package can tell of how the node ran while it recorded, and that the rest is kept nowhere.

Arithmetic of whoever makes the package, over what lies beside it: no verifier does it again.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise

from tocsin.crypto.canonical import Value
from tocsin.crypto.custody import SealedNote
from tocsin.evidence.certificates import text
from tocsin.evidence.covering import Covering
from tocsin.evidence.custody import Action
from tocsin.evidence.opened import Note
from tocsin.evidence.witnessed import signed_by
from tocsin.tlog import note as notes_

TOKEN_TIME = re.compile(rb"\x18[\x0f-\x13]([0-9]{14})(?:\.[0-9]+)?Z")
"""GeneralizedTime in DER. The first in a token is that of its TSTInfo (RFC 3161 section 2.4.2)."""


def operation(
    node: Mapping[str, Value], notes: Sequence[Note], sealed_notes: Iterable[bytes], covering: Covering
) -> dict[str, Value]:
    """`node`: what the node said of itself. `notes`: opened, in order; `sealed_notes`: the same as the node keeps them."""
    refused = [note.said for note in notes if note.said.get("action") == Action.REFUSED]
    return {
        "about": [*text("operation").splitlines()],
        "beats": {"beat_seconds": _stated(node.get("beat_seconds")), **_beats(notes)},
        "clocks": [_clocks(covering, size) for size in covering.checkpoints],
        "refusals": [{"at": said.get("at"), "reason": said.get("reason")} for said in refused],
        "sessions": _sessions(sealed_notes),
    }


def _stated(value: Value) -> Value:
    return value if type(value) is int else "not stated by the node"


def _beats(notes: Sequence[Note]) -> dict[str, Value]:
    leaves = [note for note in notes if note.said["n"] == "leaf"]
    beats = [note.number("beat") for note in leaves]
    received = [note.number("t") for note in notes if note.said["n"] == "chunk"]
    while_recording = beats[: 1 + sum(beat * 1000 < received[-1] for beat in beats)] if received else []
    steps = [later - earlier for earlier, later in pairwise(while_recording)]
    return {
        "first": beats[0] if beats else None,
        "last": beats[-1] if beats else None,
        "late": sum(note.said.get("late") is True for note in leaves),
        "leaves": len(leaves),
        "longest_s": max(steps) if steps else None,
        "without_leaf": sum(note.said["n"] == "beat" for note in notes) - len(leaves),
    }


def _clocks(covering: Covering, size: int) -> Value:
    beat = next((leaf["beat"] for leaf in covering.leaves if leaf["tree_size"] == size), None)
    keys = [notes_.parse_vkey(key) for key in covering.keys.witnesses]
    seen = sorted(signed_by(covering.checkpoints[size], keys).items(), key=lambda item: (item[1], item[0]))
    stamped = [(token.authority, token_time(token.der)) for token in covering.tokens.get(size, ())]
    return {
        "beat": beat,
        "timestamps": [{"authority": name, **_after(beat, at)} for name, at in stamped],
        "tree_size": size,
        "witnesses": [{"name": name, **_after(beat, at)} for name, at in seen],
    }


def _after(beat: int | None, at: int | None) -> dict[str, Value]:
    return {"after_beat_s": None if beat is None or at is None else at - beat, "at": at}


def token_time(der: bytes) -> int | None:
    """The time in a timestamp token, Unix seconds; `None` where none can be read. Not judged: that is for a verifier."""
    found = TOKEN_TIME.search(der)
    try:
        return int(dt.datetime.strptime(f"{found[1].decode()}+0000", "%Y%m%d%H%M%S%z").timestamp()) if found else None
    except ValueError:
        return None


def _sessions(sealed_notes: Iterable[bytes]) -> list[Value]:
    """Number of the first note of each session, and how many it has."""
    keyed = enumerate(SealedNote(raw).session for raw in sealed_notes)
    runs = [[number for number, _ in run] for _, run in groupby(keyed, key=lambda one: one[1])]
    return [{"first": run[0], "notes": len(run)} for run in runs]
