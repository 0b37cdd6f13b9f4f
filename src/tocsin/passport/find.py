"""Find: which renewal token was given to whoever has these words. A new phone knows nothing but what they derive.

Shown are the input and the blind of a token, for this week and the last one; what comes of them under each renewal key is held against
what was given. Only who drew both can show them. Found or not, nothing is changed.

A question costs the node some hundredths of a second of arithmetic, whoever asks. So there is a brake, one for all: nothing is known
of any. Who floods this door keeps lost phones out for as long, and nothing else of the passport.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from hashlib import sha256

from tocsin.crypto import oprf
from tocsin.crypto.tokens import token_input
from tocsin.passport import queries
from tocsin.passport.model import FindsMany, IssueRefused
from tocsin.passport.room import Awake, Passport

MOST = 6
"""Two weeks, three losses in each."""
A_MINUTE, MINUTE_S = 60, 60.0
"""Questions: more phones than a city loses, and a second or two of arithmetic in a minute."""


async def find(passport: Passport, shown: Sequence[tuple[bytes, bytes]]) -> tuple[int, Awake]:
    """The first of `shown` (nonce, blind) that was given, by its place, and the key of it. Raises `IssueRefused`, `FindsMany`."""
    if len(shown) > MOST:
        raise IssueRefused
    _brake(passport)
    keys = [
        one for one in passport.awake.values() if one.says.role.renews is not None and one.key.epoch <= passport.epoch
    ]
    marks = await asyncio.to_thread(partial(_marks, passport.challenge, keys, shown))
    given = await passport.database.read(lambda c: queries.issued_among(c, [*marks]))
    found = sorted(((place, key) for mark, (place, key) in marks.items() if mark in given), key=lambda one: one[0])
    if not found:
        raise IssueRefused
    return found[0]


def _brake(passport: Passport) -> None:
    """Raises `FindsMany` where so many asked within a minute."""
    now, asked = passport.clock.monotonic(), passport.finds
    while asked and asked[0] <= now - MINUTE_S:
        asked.popleft()
    if len(asked) >= A_MINUTE:
        raise FindsMany(retry_after=int(MINUTE_S))
    asked.append(now)


def _marks(
    challenge: bytes, keys: Sequence[Awake], shown: Sequence[tuple[bytes, bytes]]
) -> dict[bytes, tuple[int, Awake]]:
    digest, marks = sha256(challenge).digest(), {}
    for place, (nonce, scalar) in enumerate(shown):
        for key in keys:
            try:
                blinded = oprf.blind(token_input(nonce, digest, key.key.id), scalar)
            except oprf.ElementMalformed as error:
                raise IssueRefused from error
            marks[key.mark(b"blinded", blinded)] = (place, key)
    return marks
