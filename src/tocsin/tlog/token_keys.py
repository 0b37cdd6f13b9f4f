"""The passport's keys in the log, and what each beat says of them: how many entries an epoch has, and the hash over all of them.

A node that gave one member a key of their own could tell by a token who spends it. So a client takes a key only from a list that is
whole by what the log itself says under a witnessed checkpoint, and in which a role and cohort have one key (`docs/spec/passport.md`).
"""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import Literal

import msgspec

from tocsin.crypto import canonical
from tocsin.tlog.entry import TOKEN_KEY, TOKEN_KEYS

KIND = "token-key"
HEAD = b"tocsin.passport/v1 head\n"
EPOCH_S = 7 * 24 * 3600
"""An epoch is a whole week since 1970: what a stolen token or key is good for ends by itself."""


KEYS_MOST = 3
"""Keys that one role, cohort and epoch may ever have: burnt twice. A client refuses the fourth: whoever changes keys at every beat is
telling members apart."""


class Entered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a `token-key` entry. `key`: 32 bytes, standard base64; `node`: the log's origin."""

    act: Literal["add", "remove"]
    cohort: int
    epoch: int
    key: str
    node: str
    role: str


def epoch_of(unix_s: int) -> int:
    """Which epoch a moment lies in."""
    return unix_s // EPOCH_S


def entry_of(entered: Entered) -> bytes:
    return TOKEN_KEY + canonical.dumps(msgspec.to_builtins(entered))


def parse(entry: bytes) -> Entered | None:
    """What a `token-key` entry says; `None` for every other entry, also for a malformed one."""
    if not entry.startswith(TOKEN_KEY):
        return None
    try:
        return msgspec.convert(canonical.loads(entry[len(TOKEN_KEY) :]), Entered)
    except (canonical.CanonicalError, msgspec.ValidationError):
        return None


def of_epoch(known: Iterable[bytes], epoch: int) -> set[bytes]:
    """The distinct entries of an epoch among `known`."""
    return {entry for entry in known if (said := parse(entry)) is not None and said.epoch == epoch}


def head(known: Iterable[bytes]) -> str:
    """Hash over distinct entries, in any order; hex."""
    return sha256(HEAD + b"".join(sorted(sha256(entry).digest() for entry in known))).hexdigest()


def crowded(known: Iterable[bytes]) -> list[str]:
    """Where a role, cohort and epoch has several keys at once, or more than it may ever have, in plain words."""
    said = [one for one in map(parse, known) if one is not None]
    gone = {(one.role, one.cohort, one.epoch, one.key) for one in said if one.act == "remove"}
    added = {(one.role, one.cohort, one.epoch, one.key) for one in said if one.act == "add"}
    ever, now = Counter(one[:3] for one in added), Counter(one[:3] for one in added - gone)
    found = sorted(place for place in ever if now[place] > 1 or ever[place] > KEYS_MOST)
    return [f"{role}, cohort {cohort}, week {epoch}" for role, cohort, epoch in found]


def is_state(entry: bytes) -> bool:
    return entry.startswith(TOKEN_KEYS)


def state_entry(beat: int, known: Iterable[bytes]) -> bytes:
    """What `beat` says of the entries of its own epoch."""
    found = of_epoch(known, epoch_of(beat))
    body = {"beat": beat, "count": len(found), "epoch": epoch_of(beat), "head": head(found)}
    return TOKEN_KEYS + canonical.dumps(body)
