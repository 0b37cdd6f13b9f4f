"""The list of keys with everything a client needs to believe it (`docs/spec/passport.md`, GET /passport/keys)."""

import base64
from collections.abc import Iterable
from typing import Any

from tocsin.tlog.entry import TIME, TOKEN_KEYS
from tocsin.tlog.log import Log
from tocsin.tlog.public import Standing
from tocsin.tlog.token_keys import parse

FORMAT = "tocsin.passport/v1"


def answer(log: Log, standing: Iterable[Standing], seen_size: int | None, epoch: int) -> dict[str, Any]:
    """Every entry of `epoch` under the newest checkpoint that an outside witness cosigned, and what its beat says of them.

    Everybody is given the same bytes.
    """
    note = log.published_note() if seen_size is None else log.checkpoint_note(seen_size)
    size = int(note.split("\n", 2)[1])
    ours = [one for one in standing if one.leaf < size and (said := parse(one.entry)) and said.epoch == epoch]
    return {
        "format": FORMAT,
        "origin": log.origin,
        "epoch": epoch,
        "checkpoint": note,
        "state": _state(log, size),
        "keys": [_shown(log, one.entry, one.leaf, size) for one in sorted(ours, key=lambda one: one.leaf)],
    }


def _state(log: Log, size: int) -> dict[str, Any] | None:
    """What the newest beat of the tree says of keys; None where it says nothing."""
    for index in range(size - 1, -1, -1):
        entry = log.entry(index)
        if entry.startswith(TOKEN_KEYS):
            return _shown(log, entry, index, size)
        if entry.startswith(TIME):
            return None
    return None


def _shown(log: Log, entry: bytes, leaf: int, size: int) -> dict[str, Any]:
    return {"entry": _std(entry), "index": leaf, "proof": [_std(step) for step in log.inclusion_proof(leaf, size)]}


def _std(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
