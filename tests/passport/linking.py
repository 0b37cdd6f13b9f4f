"""The issuer and the verifier put their full logs and the secret key together: do they know which token came of which request?

`./run linking [--pairs 20000] [--json]` is the long form: an honest client alone with the issuer; the same over HTTP with a whole
node (`overheard`); and clients that do it wrong, each of which must be found, or the attacks are worth nothing. Exit status 1
where an honest client is linked or a wrong one is not.

An attack sees one request's blinded element, what it became, its place, and two tokens, one of which came of it; it points at one. By
chance it is right half of the time. A client is linked where an attack is right more or less often than chance is in 5 standard
deviations. What no attack here can show is that there is none: that the blinded element is uniformly random whatever the token is, is
RFC 9497 section 7.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256, sha512
from math import sqrt
from pathlib import Path
from statistics import NormalDist
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.passport.member import CHALLENGE, CLOCK
from tocsin.crypto import oprf, tokens
from tocsin.passport.model import Role
from tocsin.passport.room import issuer_of

BATCH = 100
DEVIATIONS = 5
ONE_SIDED = NormalDist().inv_cdf(0.999)
EPOCH = 2970
NODE = "sample.example/log"

Blind = Callable[[bytes], bytes]
"""How a client draws the scalar for an input."""
Score = Callable[["Asked", "Spent"], float]
"""The higher, the likelier that this token came of that request."""


class Asked(NamedTuple):
    """What the issuer wrote down of one element. `place`: of all it ever answered, between 0 and 1; `within`: in its batch."""

    blinded: bytes
    evaluated: bytes
    place: float
    within: float


class Spent(NamedTuple):
    """What the verifier wrote down of one token, with what the key makes of it."""

    token: bytes
    hashed: bytes
    product: bytes
    place: float


class Client(NamedTuple):
    """`order`: the order in which it spends what it was given."""

    blind: Blind
    order: Callable[[list[int], random.Random], list[int]]
    is_sorted: bool = False
    """Whether it asks in the order of its nonces."""


def shuffled(places: list[int], source: random.Random) -> list[int]:
    return source.sample(places, len(places))


def as_given(places: list[int], source: random.Random) -> list[int]:
    del source
    return places


def drawn(given: bytes) -> bytes:
    del given
    return oprf.random_scalar(CLOCK.random_bytes(64))


def from_nonce(given: bytes) -> bytes:
    return oprf.random_scalar(sha512(given).digest())


def one(given: bytes) -> bytes:
    del given
    return (1).to_bytes(32, "little")


HONEST = Client(drawn, shuffled)
WRONG = {
    "spends in the order of issue": Client(drawn, as_given),
    "asks in the order of its nonces": Client(drawn, shuffled, is_sorted=True),
    "draws the blind from the nonce": Client(from_nonce, shuffled),
    "does not blind": Client(one, shuffled),
}
ATTACKS: dict[str, Score] = {
    "bits of the blinded element": lambda asked, spent: -_distance(asked.blinded, spent.hashed),
    "bits of the evaluated element": lambda asked, spent: -_distance(asked.evaluated, spent.product),
    "bits of the token": lambda asked, spent: -_distance(asked.evaluated, spent.token[-64:-32]),
    "order of issue and use": lambda asked, spent: -abs(asked.place - spent.place),
    "place in the batch": lambda asked, spent: -abs(asked.within - int.from_bytes(spent.token[2:4]) / 65536),
    "blinds that can be guessed": lambda asked, spent: _is_guessed(asked.blinded, spent),
}


class Result(NamedTuple):
    """How often an attack was right, of how many."""

    attack: str
    right: float
    pairs: int

    @property
    def deviations(self) -> float:
        return (self.right - self.pairs / 2) / (sqrt(self.pairs) / 2)

    @property
    def most(self) -> float:
        """What this attack gains at most, |2 right / pairs - 1|: 99.9 of 100 such runs would show no less, were it more."""
        return min(1.0, abs(2 * self.right / self.pairs - 1) + ONE_SIDED / sqrt(self.pairs))

    @property
    def is_linked(self) -> bool:
        return abs(self.deviations) > DEVIATIONS


def logs(client: Client, pairs: int, source: random.Random) -> tuple[list[Asked], list[Spent]]:
    """What both wrote down of `pairs` tokens, in the issuer's order, each beside its own. Real issuer, real client."""
    seed = CLOCK.random_bytes(32)
    issuer = issuer_of(seed, NODE, Role.CONFIRMER, 1, EPOCH)
    info = issuer_info()
    secret = oprf.derive_key_pair(seed, info).secret
    assert oprf.public_of(secret) == issuer.public
    asked, raws = list[Asked](), list[bytes]()
    for first in range(0, pairs, BATCH):
        count = min(BATCH, pairs - first)
        for at, (log, raw) in enumerate(_batch(client, issuer, count)):
            asked.append(Asked(*log, (first + at) / pairs, at / count))
            raws.append(raw)
    places = {index: at / pairs for at, index in enumerate(client.order([*range(pairs)], source))}
    spent = []
    for index, raw in enumerate(raws):
        hashed = oprf.hash_to_group(raw[:98])
        spent.append(Spent(raw, hashed, oprf.blind(raw[:98], secret), places[index]))
    return asked, spent


def issuer_info() -> bytes:
    """As the specification spells it, so that whoever holds the seed has the key."""
    told = f'{{"cohort":1,"epoch":{EPOCH},"node":"{NODE}","role":"confirmer"}}'
    return sha256(told.encode()).digest()


def _batch(client: Client, issuer: tokens.Issuer, count: int) -> Iterator[tuple[tuple[bytes, bytes], bytes]]:
    digest = sha256(CHALLENGE).digest()
    nonces = [CLOCK.random_bytes(32) for _ in range(count)]
    ordered = sorted(nonces) if client.is_sorted else nonces
    given = [tokens.token_input(nonce, digest, issuer.key_id) for nonce in ordered]
    scalars = [client.blind(each) for each in given]
    blinded = [oprf.blind(each, scalar) for each, scalar in zip(given, scalars, strict=True)]
    made = oprf.Evaluated(*tokens.read_answer(issuer.answer(tokens.request(issuer.public, blinded))))
    outputs = oprf.finalize(given, scalars, blinded, made, issuer.public)
    for number, each in enumerate(given):
        yield (blinded[number], made.elements[number]), each + outputs[number]


def attacked(client: Client, pairs: int, source: random.Random) -> list[Result]:
    """Every attack on `pairs` tokens of a client, each with one other token for company."""
    return judged(*logs(client, pairs, source), source)


def judged(asked: Sequence[Asked], spent: Sequence[Spent], source: random.Random) -> list[Result]:
    """Every attack on two full logs, in which each token stands where its request stands."""
    pairs = len(asked)
    others = [(index + source.randrange(1, pairs)) % pairs for index in range(pairs)]
    return [Result(name, _right(score, asked, spent, others), pairs) for name, score in ATTACKS.items()]


def _right(score: Score, asked: Sequence[Asked], spent: Sequence[Spent], others: Sequence[int]) -> float:
    """How often it points at the right one; half a time where it cannot tell."""
    right = 0.0
    for index, other in enumerate(others):
        true, false = score(asked[index], spent[index]), score(asked[index], spent[other])
        right += 0.5 if true == false else float(true > false)
    return right


def _distance(left: bytes, right: bytes) -> int:
    return (int.from_bytes(left) ^ int.from_bytes(right)).bit_count()


def _is_guessed(blinded: bytes, spent: Spent) -> float:
    guesses = (one(spent.token), from_nonce(spent.token[:98]))
    return float(any(oprf.blind(spent.token[:98], guess) == blinded for guess in guesses))


def over_http(pairs: int, source: random.Random) -> list[Result]:
    """Every attack on what a whole node heard."""
    from tests.passport import overheard

    with TemporaryDirectory() as folder:
        return judged(*overheard.logs(Path(folder), pairs, source), source)


def main() -> int:
    parser = argparse.ArgumentParser(description="Issuer and verifier against members.")
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    source = random.Random(5)
    honest = {"honest": attacked(HONEST, given.pairs, source), "honest, over HTTP": over_http(given.pairs, source)}
    wrong = {name: attacked(client, min(given.pairs, 1000), source) for name, client in WRONG.items()}
    for name, results in {**honest, **wrong}.items():
        print(f"{name}:")
        for found in results:
            told = f"{found.right:g} of {found.pairs}, {found.deviations:+.1f} standard deviations"
            print(f"  {found.attack}: {told}, gains at most {found.most:.3f}")
    missed = [name for name, results in wrong.items() if not any(found.is_linked for found in results)]
    linked = [f"{name}: {found.attack}" for name, results in honest.items() for found in results if found.is_linked]
    if given.json:
        most = max(found.most for results in honest.values() for found in results)
        print(json.dumps({"pairs": given.pairs, "linked": linked, "missed": missed, "gains_at_most": round(most, 4)}))
    return int(bool(linked or missed))


if __name__ == "__main__":
    sys.exit(main())
