"""The roll with everything a phone needs to believe it (`docs/spec/http.md`, GET /desk-keys), and a key's words to compare aloud.

A lawyer's key counts from `wait` seconds after an outside witness cosigned a checkpoint that holds it, signed by two stewards (rule
19). The node cannot shorten that: the time is the witness's. Removing a key needs no wait.
"""

import base64
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from tocsin.crypto.words import word_list
from tocsin.people.statement import Named
from tocsin.tlog.entry import ROLL, TIME
from tocsin.tlog.log import Log
from tocsin.tlog.public import Standing
from tocsin.tlog.roll import is_rolled

KIND = "desk-key"
FORMAT = "tocsin.desk/v2"
FINGERPRINT = b"tocsin.desk/v1 fingerprint\n"
FINGERPRINT_WORDS = 7
"""77 bits: nobody makes a key of their own whose words are a colleague's."""


def fingerprint(one: Named) -> str:
    """Words that stand for a key and its custodian's key. Its owner says them aloud to the stewards who sign it."""
    bits = int.from_bytes(sha256(FINGERPRINT + f"{one.key}\n{one.custodian}\n".encode()).digest())
    words = word_list()
    return " ".join(words[bits >> (256 - 11 * (place + 1)) & 2047] for place in range(FINGERPRINT_WORDS))


def answer(log: Log, standing: Iterable[Standing], seen_size: int | None) -> dict[str, Any]:
    """Every entry of the roll with its proof under the newest checkpoint, and under the one since which it waits.

    A beat whose witnesses were silent would make every phone refuse the desk, so the newest tree that an outside witness saw
    (`seen_size`) goes before it where there is one.
    """
    note = log.published_note() if seen_size is None else log.checkpoint_note(seen_size)
    size = int(note.split("\n", 2)[1])
    roll = [one for one in standing if one.leaf < size and is_rolled(one.entry)]
    return {
        "format": FORMAT,
        "origin": log.origin,
        "desk": "legal",
        "checkpoint": note,
        "state": _state(log, size),
        "roll": [_listed(log, one, size) for one in sorted(roll, key=lambda one: one.leaf)],
    }


def _listed(log: Log, found: Standing, size: int) -> dict[str, Any]:
    return _shown(log, found.entry, found.leaf, size) | {
        "since": None if found.cosigned_size is None else _since(log, found.leaf, found.cosigned_size)
    }


def _since(log: Log, leaf: int, size: int) -> dict[str, Any]:
    return {"checkpoint": log.checkpoint_note(size), "proof": _proof(log, leaf, size)}


def _state(log: Log, size: int) -> dict[str, Any] | None:
    """What the newest beat of the tree says of the roll; None for a beat of a program that said nothing."""
    for index in range(size - 1, -1, -1):
        entry = log.entry(index)
        if entry.startswith(ROLL):
            return _shown(log, entry, index, size)
        if entry.startswith(TIME):
            return None
    return None


def _shown(log: Log, entry: bytes, leaf: int, size: int) -> dict[str, Any]:
    return {"entry": _std(entry), "index": leaf, "proof": _proof(log, leaf, size)}


def _proof(log: Log, leaf: int, size: int) -> list[str]:
    return [_std(step) for step in log.inclusion_proof(leaf, size)]


def _std(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
