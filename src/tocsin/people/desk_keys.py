"""The legal desk's public keys, with everything a phone needs to believe them (`docs/spec/http.md`, GET /desk-keys).

A key counts from `wait` seconds after an outside witness cosigned a checkpoint that holds it (rule 19). The node cannot shorten
that: the time is the witness's. Removing a key needs no wait.
"""

import base64
from collections.abc import Iterable
from typing import Any

from tocsin.crypto import envelope
from tocsin.tlog.log import Log
from tocsin.tlog.public import Standing

KIND = "desk-key"


def body(act: str, recipient: str, custodian: str, name: str, not_before_s: int) -> dict[str, object]:
    """The JSON of a desk-key entry. Raises `RecipientMalformed` unless `recipient` is an age X25519 recipient."""
    envelope.seal_to([recipient], b"")
    return {
        "act": act,
        "age": recipient,
        "custodian": custodian,
        "desk": "legal",
        "name": name,
        "not_before": not_before_s,
    }


def answer(log: Log, standing: Iterable[Standing], seen_size: int | None) -> dict[str, Any]:
    """Every desk key of the log with its proof under the newest checkpoint, and under the one since which it counts.

    A beat whose witnesses were silent would make every phone refuse the desk, so the newest tree that an outside witness saw
    (`seen_size`) goes before it where there is one.
    """
    note = log.published_note() if seen_size is None else log.checkpoint_note(seen_size)
    size = _size(note)
    keys = [_key(log, found, size) for found in standing if found.leaf < size]
    return {"origin": log.origin, "desk": "legal", "checkpoint": note, "keys": keys}


def _key(log: Log, found: Standing, size: int) -> dict[str, Any]:
    return {
        "entry": _std(found.entry),
        "index": found.leaf,
        "proof": _proof(log, found.leaf, size),
        "since": None if found.cosigned_size is None else _since(log, found.leaf, found.cosigned_size),
    }


def _since(log: Log, leaf: int, size: int) -> dict[str, Any]:
    return {"checkpoint": log.checkpoint_note(size), "proof": _proof(log, leaf, size)}


def _proof(log: Log, leaf: int, size: int) -> list[str]:
    return [_std(step) for step in log.inclusion_proof(leaf, size)]


def _size(note: str) -> int:
    return int(note.split("\n", 2)[1])


def _std(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
