"""Take a token, once. What other rooms are handed.

Promise: of all who ask with one token, in any process and at any time, one act is done. Whoever repeats a request with the same secret
for the same act gets the same answer and the act is not done again; so a phone that lost its network asks again without fear. A secret
is 32 random bytes that a client draws for one token and tells nobody else.
The act is done in the transaction that spends the token: both stand, or neither.
"""

import hmac
from collections.abc import Callable
from hashlib import sha256

from sqlalchemy import Connection

from tocsin.crypto.tokens import TokenMalformed, read_token
from tocsin.passport import queries
from tocsin.passport.keep import read_log
from tocsin.passport.model import (
    ACTING,
    SECRET_BYTES,
    CohortSmall,
    Pass,
    Role,
    SecretWrong,
    Spending,
    TokenBurnt,
    TokenEarly,
    TokenExpired,
    TokenForeign,
    TokenForged,
    TokenOfOtherRole,
    TokenSpent,
    TokenWrong,
)
from tocsin.passport.room import Awake, Passport

Act = Callable[[Connection, Pass], None]


def _nothing(connection: Connection, says: Pass) -> None:
    """An act that leaves nothing behind."""


async def redeem(
    passport: Passport,
    raw: bytes,
    challenge: bytes,
    secret: bytes,
    what: bytes,
    act: Act = _nothing,
    *,
    role: Role | None = None,
) -> Pass:
    """What the token says of whoever spends it on `what`: bytes by which the caller tells one act from another.

    With `role` only a token of that role will do. `act` is done the first time alone. Raises what `check` raises, `TokenOfOtherRole`,
    `TokenBurnt`, `TokenSpent`; then nothing was done.
    """
    spending = await check(passport, raw, challenge, secret, what)
    if role is not None and spending.says.role is not role:
        raise TokenOfOtherRole

    def turn(connection: Connection) -> None:
        if spend(connection, spending):
            act(connection, spending.says)

    await passport.database.write(turn)
    return spending.says


async def check(passport: Passport, raw: bytes, challenge: bytes, secret: bytes, what: bytes) -> Spending:
    """A genuine token of this epoch, not spent by this. `challenge`: the `TokenChallenge` it had to be made for.

    Raises `TokenWrong`, `SecretWrong`, `TokenForeign`, `TokenForged`, `TokenExpired`, `TokenEarly`, `TokenBurnt`,
    `TokenOfOtherRole`, `CohortSmall`.
    """
    try:
        token = read_token(raw)
    except TokenMalformed as error:
        raise TokenWrong from error
    if len(secret) != SECRET_BYTES:
        raise SecretWrong
    awake = await usable(passport, token.key_id, passport.epoch)
    if awake.says.role.renews is not None:
        raise TokenOfOtherRole
    if not hmac.compare_digest(token.challenge_digest, sha256(challenge).digest()):
        raise TokenForeign
    if not awake.issuer.is_genuine(token):
        raise TokenForged
    await _refuse_small(passport, awake.says)
    mark, again = awake.mark(b"token", raw), awake.mark(b"again", secret, what)
    return Spending(token.key_id, awake.says, mark, again)


def spend(connection: Connection, spending: Spending) -> bool:
    """Spend it in the caller's transaction. False where this very request did so before.

    Raises `TokenBurnt` where its key went meanwhile, `TokenSpent`.
    """
    before = queries.spend(connection, spending)
    if before is None:
        raise TokenBurnt
    if before and not hmac.compare_digest(before, spending.again):
        raise TokenSpent
    return not before


async def _refuse_small(passport: Passport, says: Pass) -> None:
    """Raises `CohortSmall` where too few people hold what a token would show."""
    if says.role not in ACTING or passport.people(says.role, says.cohort) >= passport.least:
        return
    await passport.count()
    if passport.people(says.role, says.cohort) < passport.least:
        raise CohortSmall


async def usable(passport: Passport, key_id: bytes, epoch: int) -> Awake:
    """The key that a token names, if it is one of `epoch`. Raises why it does not count."""
    logged = passport.logged.get(key_id)
    if logged is not None and not logged.stands:  # a beat may have taken it a moment ago
        await read_log(passport)
        logged = passport.logged.get(key_id)
    if logged is None or not logged.stands:
        raise TokenForeign
    if logged.says.epoch != epoch:
        raise TokenExpired if logged.says.epoch < epoch else TokenEarly
    awake = passport.awake.get(key_id)
    if awake is None or logged.is_removed:
        raise TokenBurnt
    return awake
