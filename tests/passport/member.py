"""A member's phone as the node sees it: asks for tokens of a key, unblinds them, spends them."""

from hashlib import sha256

from tocsin.clock import SystemClock
from tocsin.crypto import oprf, tokens
from tocsin.passport.model import Role
from tocsin.passport.room import Awake, Passport

CLOCK = SystemClock()
CHALLENGE = tokens.challenge("sample.example/log", "sample.example/log")


def key_of(passport: Passport, role: Role = Role.CONFIRMER, cohort: int = 1, later: int = 0) -> Awake:
    """The key of a role and cohort, of this epoch or a later one."""
    wanted = (role, cohort, passport.epoch + later)
    return next(one for one in passport.awake.values() if (one.key.role, one.key.cohort, one.key.epoch) == wanted)


def issued(key: Awake, count: int, challenge: bytes = CHALLENGE) -> list[bytes]:
    """Tokens that `key` gave, each of 162 bytes."""
    found: list[bytes] = []
    while len(found) < count:
        some = min(count - len(found), tokens.BATCH_MOST)
        digest = sha256(challenge).digest()
        given = [tokens.token_input(CLOCK.random_bytes(32), digest, key.issuer.key_id) for _ in range(some)]
        scalars = [oprf.random_scalar(CLOCK.random_bytes(64)) for _ in given]
        blinded = [oprf.blind(one, scalar) for one, scalar in zip(given, scalars, strict=True)]
        answer = key.issuer.answer(tokens.request(key.issuer.public, blinded))
        made = oprf.Evaluated(*tokens.read_answer(answer))
        outputs = oprf.finalize(given, scalars, blinded, made, key.issuer.public)
        found += [one + output for one, output in zip(given, outputs, strict=True)]
    return found
