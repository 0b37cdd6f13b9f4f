"""A member's phone as the node sees it: asks for tokens of a key, unblinds them, spends them."""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tocsin.clock import SystemClock
from tocsin.crypto import oprf, tokens
from tocsin.ids import b64, unb64
from tocsin.passport.model import SETS, Role
from tocsin.passport.room import Awake, Passport
from tocsin.passport.training import CARDS, of_week

CLOCK = SystemClock()
CHALLENGE = tokens.challenge("sample.example/log", "sample.example/log")


@dataclass
class Phone:
    """A phone with a passport: what `client/src/passport` does, with the second implementation. `post` sends a body to an address."""

    post: Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
    passport: Passport
    seed: bytes = field(default_factory=lambda: CLOCK.random_bytes(32))
    """Of its recovery words."""
    role: Role = Role.MEMBER
    cohort: int = 0
    tokens: dict[Role, list[bytes]] = field(default_factory=dict)
    right: tuple[str, bytes] = ("", b"")

    async def join(self, vouches: tuple[str, str], training: str, *, adult: bool = True) -> None:
        secret = b64(CLOCK.random_bytes(32))
        said = {"vouches": vouches, "training": training, "secret": secret, "adult": adult}
        told = await self.post("/passport/admit", said)
        self.role, self.cohort = Role(told["role"]), told["cohort"]
        self.right = ("admission", unb64(told["admission"]))
        await self.fetch([role for role in SETS[self.role] if role is not Role.VOUCHER])

    async def renew(self) -> None:
        self.right = ("renewal", self.tokens[self.role.renewal][0])
        await self.fetch([*SETS[self.role]])

    async def recover(self, epoch: int) -> None:
        """With the words alone: the renewal token that was given in `epoch` is named by what it was made of."""
        shown = self.derived(epoch, b"nonce")[:32], self.scalar(epoch)
        stale = {"nonce": b64(CLOCK.random_bytes(32)), "blind": b64(self.scalar(epoch + 1))}
        told = await self.post("/passport/find", {"shown": [stale, {"nonce": b64(shown[0]), "blind": b64(shown[1])}]})
        renewing = Role(told["role"]).renews
        assert (told["place"], told["epoch"], renewing is not None) == (1, epoch, True)
        self.role, self.cohort = renewing or Role.MEMBER, told["cohort"]
        self.right = ("lost", unb64(told["key"]) + shown[0] + shown[1])
        is_swap = epoch == self.passport.epoch
        await self.fetch([self.role.renewal] if is_swap else [*SETS[self.role]], 1 if is_swap else 0)

    async def fetch(self, roles: Sequence[Role], nth: int = 0, training: str = "") -> None:
        """Ask for a batch of each role, and unblind what comes."""
        passport, epoch = self.passport, self.passport.epoch
        keys = [passport.key(role, self.cohort, epoch) for role in roles]
        made = [self._blinded(key, SETS[self.role][key.says.role], nth) for key in keys]
        asked = {
            "by": self.right[0],
            "proof": b64(self.right[1]),
            "secret": b64(CLOCK.random_bytes(32)),
            "batches": [{"key": b64(key.key.id), "request": b64(one[2])} for key, one in zip(keys, made, strict=True)],
            "answers": [CARDS[name] for name in of_week(epoch)],
            "training": training,
        }
        told = await self.post("/passport/issue", asked)
        for key, (given, scalars, request), answer in zip(keys, made, told["answers"], strict=True):
            evaluated = oprf.Evaluated(*tokens.read_answer(unb64(answer)))
            blinded = tokens.read_request(request)[1]
            outputs = oprf.finalize(given, scalars, blinded, evaluated, key.issuer.public)
            self.tokens[key.says.role] = [one + output for one, output in zip(given, outputs, strict=True)]

    def derived(self, epoch: int, use: bytes, nth: int = 0) -> bytes:
        return hmac.digest(self.seed, b"%d %s %d" % (epoch, use, nth), "sha512")

    def scalar(self, epoch: int, nth: int = 0) -> bytes:
        return oprf.random_scalar(self.derived(epoch, b"blind", nth))

    def _blinded(self, key: Awake, count: int, nth: int) -> tuple[list[bytes], list[bytes], bytes]:
        digest = sha256(CHALLENGE).digest()
        is_renewal = key.says.role is self.role.renewal
        nonces = [
            self.derived(key.key.epoch, b"nonce", nth)[:32] if is_renewal else CLOCK.random_bytes(32)
            for _ in range(count)
        ]
        scalars = [
            self.scalar(key.key.epoch, nth) if is_renewal else oprf.random_scalar(CLOCK.random_bytes(64))
            for _ in nonces
        ]
        given = [tokens.token_input(nonce, digest, key.key.id) for nonce in nonces]
        blinded = [oprf.blind(one, scalar) for one, scalar in zip(given, scalars, strict=True)]
        return given, scalars, tokens.request(key.issuer.public, blinded)


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
