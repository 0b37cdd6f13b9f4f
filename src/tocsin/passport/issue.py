"""Issue: a phone gets the tokens of its week, every phone of a role the same number, once.

What entitles it: an admission, for the first week; then the renewal token of the week before, which was given blind, so that nobody
can tell one week's member from another's; or, for a phone that was lost, what the seven words derive: the input and the blind of that
very renewal token. The node then makes the token itself and takes it as spent. So of a lost phone and its owner one renews, not both,
and the words tell nothing of what the phone's other tokens were used for.

Renewing asks the week's questions again. Who asks for tokens of a key that came after a burning has to bring a new training code.
"""

import asyncio
import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection

from tocsin.crypto import oprf
from tocsin.crypto.tokens import KEY_ID_BYTES, NONCE_BYTES, TokenMalformed, read_request, read_token, token_input
from tocsin.passport import codes, queries, training
from tocsin.passport.keep import made_before, read_log
from tocsin.passport.model import (
    NOT_AT_FIRST,
    SECRET_BYTES,
    SETS,
    AskedOtherwise,
    By,
    Code,
    IssuedAlready,
    IssueRefused,
    Kind,
    Pass,
    Role,
    SecretWrong,
    Spending,
    TokenForeign,
    TokenForged,
    TokenSpent,
    TokenWrong,
    TrainingNeeded,
)
from tocsin.passport.redeem import spend, usable
from tocsin.passport.room import Awake, Passport, is_admission

LOST_BYTES = KEY_ID_BYTES + NONCE_BYTES + oprf.SCALAR_BYTES


class Batch(NamedTuple):
    """A request for tokens of one key."""

    at: Awake
    raw: bytes
    elements: list[bytes]


class Right(NamedTuple):
    """What entitles a phone. `raw` stands for it; `at` is the key of it; `is_swap` where only a new renewal token is given."""

    raw: bytes
    role: Role
    cohort: int
    at: Awake
    is_new: bool = False
    is_swap: bool = False
    lost: bytes = b""
    """The mark of what was lost: whoever it was given to counts once."""


class Asked(NamedTuple):
    """A request as the page sends it, in bytes. `batches`: key id and batched request of each."""

    by: By
    proof: bytes
    secret: bytes
    batches: Sequence[tuple[bytes, bytes]]
    answers: Sequence[int] = ()
    training: str = ""


async def issue(passport: Passport, asked: Asked) -> list[bytes]:
    """The answer to each batch. The same request again is answered again.

    Raises `SecretWrong`, `TokenWrong`, `AskedOtherwise`, `IssueRefused`, `IssuedAlready`, `TrainingNeeded`, `AnswersWrong`, and what a
    token or a code can be refused for; then nothing was given.
    """
    if len(asked.secret) != SECRET_BYTES:
        raise SecretWrong
    right = await _right(passport, asked)
    if any((at := passport.logged.get(key_id)) is not None and not at.stands for key_id, _ in asked.batches):
        await read_log(passport)  # a beat may have taken a key a moment ago, and a phone has seen it
    batches = [_batch(passport, right, key_id, raw) for key_id, raw in asked.batches]
    if not batches or len({one.at.key.id for one in batches}) != len(batches):
        raise AskedOtherwise
    if not (right.is_new or right.is_swap):
        training.refuse_wrong(passport.epoch, asked.answers)
    code = await _code_after_burning(passport, right, batches, asked.training)
    await passport.database.write(lambda c: _give(c, right, batches, asked.secret, code))
    return await asyncio.to_thread(lambda: [one.at.issuer.answer(one.raw) for one in batches])


async def _right(passport: Passport, asked: Asked) -> Right:
    match asked.by:
        case By.ADMISSION:
            return _admitted(passport, asked.proof)
        case By.RENEWAL:
            return await _renewed(passport, asked.proof)
        case By.LOST:
            return await _lost(passport, asked.proof)


def _admitted(passport: Passport, proof: bytes) -> Right:
    """Raises `IssueRefused` for what is no admission of this week."""
    for at in passport.awake.values():
        if at.key.epoch == passport.epoch and at.says.role.renews is not None and is_admission(at, proof):
            return Right(proof, at.says.role.renews, at.key.cohort, at, is_new=True)
    raise IssueRefused


async def _renewed(passport: Passport, proof: bytes) -> Right:
    try:
        token = read_token(proof)
    except TokenMalformed as error:
        raise TokenWrong from error
    at = await usable(passport, token.key_id, passport.epoch - 1)
    if at.says.role.renews is None:
        raise IssueRefused
    if not hmac.compare_digest(token.challenge_digest, sha256(passport.challenge).digest()):
        raise TokenForeign
    if not at.issuer.is_genuine(token):
        raise TokenForged
    return Right(proof, at.says.role.renews, at.key.cohort, at)


async def _lost(passport: Passport, proof: bytes) -> Right:
    """Of this week: a new renewal token in the place of the lost one. Of the week before: as if the lost one were shown."""
    if len(proof) != LOST_BYTES:
        raise IssueRefused
    key_id, nonce, scalar = proof[:32], proof[32:64], proof[64:]
    at = passport.awake.get(key_id)
    if at is None or at.says.role.renews is None or passport.epoch - at.key.epoch not in (0, 1):
        raise IssueRefused
    digest = sha256(passport.challenge).digest()
    raw = at.issuer.made(nonce, digest)
    try:
        mark = at.mark(b"blinded", oprf.blind(token_input(nonce, digest, key_id), scalar))
    except oprf.ElementMalformed as error:
        raise IssueRefused from error
    swapped = at.mark(b"swap", raw)
    if not await passport.database.read(lambda c: queries.was_issued(c, mark) or queries.spent_again(c, swapped)):
        raise IssueRefused
    is_swap = at.key.epoch == passport.epoch
    return Right(raw, at.says.role.renews, at.key.cohort, at, is_swap=is_swap, lost=mark)


def _batch(passport: Passport, right: Right, key_id: bytes, raw: bytes) -> Batch:
    """A batch that this phone may ask for. Raises `AskedOtherwise`."""
    at = passport.awake.get(key_id)
    logged = passport.logged.get(key_id)
    if at is None or logged is None or not logged.stands or logged.is_removed:
        raise AskedOtherwise
    try:
        last, elements = read_request(raw)
    except TokenMalformed as error:
        raise AskedOtherwise from error
    wanted = {right.role.renewal: 1} if right.is_swap else dict(SETS[right.role])
    if right.is_new:
        wanted = {role: count for role, count in wanted.items() if role not in NOT_AT_FIRST}
    is_right = Pass(at.says.role, right.cohort, passport.epoch) == at.says
    if not is_right or last != key_id[-1] or wanted.get(at.says.role) != len(elements):
        raise AskedOtherwise
    return Batch(at, raw, elements)


async def _code_after_burning(
    passport: Passport, right: Right, batches: Sequence[Batch], text: str
) -> tuple[Code, Awake] | None:
    """The training code that a phone needs where its role was burnt this week. Raises `TrainingNeeded`, `CodeWrong`."""
    is_burnt = any(one.at.says.role is right.role and made_before(passport, one.at.says) > 1 for one in batches)
    if right.is_new or right.role is Role.MEMBER or not is_burnt:
        return None
    if not text:
        raise TrainingNeeded
    code, at = await codes.find(passport, Kind.TRAINING, text)
    if code.side != right.role:
        raise TrainingNeeded
    return code, at


def _give(
    connection: Connection, right: Right, batches: Sequence[Batch], secret: bytes, code: tuple[Code, Awake] | None
) -> None:
    """Write down that it was given, and to none. Raises `IssuedAlready`, `IssueRefused`, `CodeSpent`."""
    if not right.is_new:
        _refuse_swapped(connection, right, batches, secret)
    if code is not None:
        codes.use(connection, *code, secret)
    for one in batches:
        again = one.at.mark(b"again", secret, sha256(one.raw).digest())
        name = b"swap" if right.is_swap else b"issued"
        try:
            is_first = spend(connection, Spending(one.at.key.id, one.at.says, one.at.mark(name, right.raw), again))
        except TokenSpent as error:
            raise IssuedAlready from error
        if is_first and right.is_swap:
            queries.drop_issued(connection, right.lost)
        if is_first and one.at.says.role is right.role.renewal:
            queries.put_issued(connection, one.at.mark(b"blinded", *one.elements), one.at.key.id)


def _refuse_swapped(connection: Connection, right: Right, batches: Sequence[Batch], secret: bytes) -> None:
    """A renewal token that its owner's words replaced renews nothing; the swap itself may be asked for again.

    Raises `IssueRefused`.
    """
    found = queries.spent_again(connection, right.at.mark(b"swap", right.raw))
    if found is None:
        return
    mine = [right.at.mark(b"again", secret, sha256(one.raw).digest()) for one in batches]
    if not right.is_swap or not any(hmac.compare_digest(found, one) for one in mine):
        raise IssueRefused
