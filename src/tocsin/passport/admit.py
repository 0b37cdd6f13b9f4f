"""Admit: two vouches of two sides and a training code of this week make somebody a member, once.

Nobody chooses a cohort: it is drawn by a key of the node from the codes themselves, so that asking again gives the same one and no
pair of vouches can be tried until it falls where it is wanted. What is given is an admission, with which a phone fetches its first
tokens. The three codes are used up in one transaction and are not held together by anything afterwards.
"""

from sqlalchemy import Connection

from tocsin.passport import codes
from tocsin.passport.model import (
    OF_ADULTS,
    SECRET_BYTES,
    Admission,
    AdultsOnly,
    Code,
    Kind,
    Role,
    SecretWrong,
    VouchersAlike,
    VouchersMissing,
)
from tocsin.passport.room import Awake, Passport, admission_of


async def admit(
    passport: Passport, vouches: tuple[str, ...], training: str, secret: bytes, *, is_adult: bool
) -> Admission:
    """What the phone fetches its tokens with.

    Raises `SecretWrong`, `VouchersMissing`, `VouchersAlike`, `AdultsOnly`, `CodeWrong`, `CodeSpent`; then nothing was used up.
    """
    if len(secret) != SECRET_BYTES:
        raise SecretWrong
    if len(vouches) != 2:
        raise VouchersMissing
    found = [await codes.find(passport, Kind.VOUCH, one) for one in vouches]
    trained = await codes.find(passport, Kind.TRAINING, training)
    role = Role(trained[0].side)
    refuse_alike(*(code for code, _ in found))
    if role in OF_ADULTS and not is_adult:
        raise AdultsOnly
    parts = sorted(code.mark for code, _ in (*found, trained))
    at = _key(passport, role, b"".join(parts))

    def turn(connection: Connection) -> None:
        for code, home in (*found, trained):
            codes.use(connection, code, home, secret)

    await passport.database.write(turn)
    return Admission(role, at.key.cohort, at.key.epoch, admission_of(at, at.mark(b"admitted", *parts)))


def refuse_alike(one: Code, other: Code) -> None:
    """Two members of two cohorts are two people; so are two stewards. One of each may be one person."""
    if one.side == other.side or one.side[0] != other.side[0]:
        raise VouchersAlike


def _key(passport: Passport, role: Role, parts: bytes) -> Awake:
    drawn = codes.home(passport, Kind.VOUCH).mark(b"cohort", parts)
    cohort = int.from_bytes(drawn[:8]) % passport.cohorts + 1
    return passport.key(role.renewal, cohort, passport.epoch)
