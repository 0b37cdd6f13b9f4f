"""`./run bench passport`: tokens issued and redeemed a second by the room's own code, and one redeem at 200 a second.

Redeeming is durable, on SQLite. Beside it `voprf` alone on the same batches, nothing read and nothing written, and what `openssl
speed` says of one X25519 agreement: the same kind of arithmetic in the library everybody has. In turns, the best round of each counts,
by processor time.
Whole sets are issued as `POST /passport/issue` does: what entitles is checked, a mark for each batch is written durably, 65 tokens are
given. `--short`: fewer rounds.
"""

import asyncio
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from voprf import ristretto

from bench._machine import described, own_folder, say
from bench._report import Headline, asked, finish, table
from tocsin.clock import SystemClock
from tocsin.crypto import oprf, tokens
from tocsin.ids import SlotNumber
from tocsin.passport import issue
from tocsin.passport.keep import keep, read_log
from tocsin.passport.model import NOT_AT_FIRST, SETS, By, Role, Slots
from tocsin.passport.redeem import redeem
from tocsin.passport.room import Awake, Passport, admission_of
from tocsin.store.db import Database
from tocsin.store.erase_keys import EraseKeys
from tocsin.tlog import public

CLOCK = SystemClock()
NODE = "bench.example/log"
CHALLENGE = tokens.challenge(NODE, NODE)
BATCH = 100
ROUNDS, SHORT_ROUNDS = 20, 6
BATCHES = 10
"""In one round."""
AT_ONCE = 64
SETS_ASKED, SHORT_SETS, PHONES = 400, 100, 16
A_SECOND, SECONDS, SHORT_SECONDS = 200, 20, 5
ISSUE_GOAL, P99_GOAL_MS = 0.8, 50

FIRST_SET = [(role, many) for role, many in SETS[Role.CONFIRMER].items() if role not in NOT_AT_FIRST]

Given = tuple[bytes, bytes]
"""The input of a token, and the scalar that blinds it."""


def main() -> None:
    given = asked("Issuing and redeeming tokens.")
    with own_folder() as folder:
        print(described(folder), flush=True)
        finish(given, asyncio.run(measured(folder, is_short=given.is_short)))


async def measured(folder: Path, *, is_short: bool) -> list[Headline]:
    passport = await room_in(folder)
    key = next(one for one in passport.awake.values() if one.key.epoch == passport.epoch)
    rounds, seconds = (SHORT_ROUNDS, SHORT_SECONDS) if is_short else (ROUNDS, SECONDS)
    say("Issuing.")
    ours, alone, agreed = issuing(key, rounds)
    say("Issuing whole sets, durably.")
    sets, worked_sets = await whole_sets(passport, SHORT_SETS if is_short else SETS_ASKED)
    sets_alone = by_the_library(rounds)
    say("Redeeming.")
    raws = drawn(key, BATCH * BATCHES * 2 + A_SECOND * seconds)
    bulk, paced = raws[: BATCH * BATCHES * 2], raws[BATCH * BATCHES * 2 :]
    began, worked = time.perf_counter(), time.process_time()
    await in_company(passport, bulk)
    redeemed, each_ms = len(bulk) / (time.perf_counter() - began), (time.process_time() - worked) * 1000 / len(bulk)
    known = rate(lambda: [key.issuer.is_genuine(tokens.read_token(raw)) for raw in bulk[:500]], 500)
    times = sorted(await at_pace(passport, paced))
    passport.database.close()
    p99 = times[int(len(times) * 0.99)] * 1000
    rows = [
        ["tokens issued a second", f"{ours:.0f}"],
        ["of whole sets, durable, 16 phones at once, by the clock", f"{sets:.0f}"],
        ["of whole sets, durable, by processor time", f"{worked_sets:.0f}"],
        ["voprf alone, a set's own batches, from bytes to bytes", f"{sets_alone:.0f}"],
        ["voprf alone, the same batches", f"{alone:.0f}"],
        ["tokens redeemed a second, durable, 64 at once", f"{redeemed:.0f}"],
        ["processor time of one such redeem, ms", f"{each_ms:.2f}"],
        ["tokens known again a second, nothing written", f"{known:.0f}"],
        ["openssl speed: X25519 agreements a second", f"{agreed:.0f}"],
        [f"one redeem at {A_SECOND} a second, p50, p99, most, ms", shown(times)],
    ]
    table(["", "seen"], rows)
    share = ours / alone
    return [
        Headline(
            "issue_vs_library", round(share, 3), ISSUE_GOAL, round(share / ISSUE_GOAL, 2), "of voprf (peer: goal)"
        ),
        Headline("redeem_p99_ms", round(p99, 1), P99_GOAL_MS, round(P99_GOAL_MS / p99, 2), "ms (peer: the goal)"),
    ]


def shown(times: Sequence[float]) -> str:
    p99 = times[int(len(times) * 0.99)]
    return f"{statistics.median(times) * 1000:.1f}, {p99 * 1000:.1f}, {times[-1] * 1000:.1f}"


async def room_in(folder: Path) -> Passport:
    """The room on a fresh SQLite, its keys said to stand in the log."""
    database = Database.open(f"sqlite:///{folder / 'node.db'}")
    database.migrate()
    slots = Slots(erase_later=lambda _, slot: slot.to_bytes(8), done=lambda _, __: None)
    keys = EraseKeys.open(folder / "erase.keys", 64)
    assert keys.key(SlotNumber(keys.allocate()))
    passport = Passport(CLOCK, database, keys, slots, NODE, cohorts=1, least=0)
    await keep(passport)
    waiting = [digest for digest, _ in await database.read(public.waiting)]
    await database.write(lambda c: public.settle(c, waiting, [*range(len(waiting))], len(waiting), 60))
    await read_log(passport)
    return passport


def issuing(key: Awake, rounds: int) -> tuple[float, float, float]:
    """Tokens a second by us and by `voprf` alone, X25519 agreements a second: in turns, the best of each."""
    given = inputs_of(key, BATCH)
    blinded = [oprf.blind(one, scalar) for one, scalar in given]
    request = tokens.request(key.issuer.public, blinded)
    evaluator, ready = (
        ristretto.Evaluator.from_seed(b"s" * 32, b"bench"),
        [ristretto.BlindedInput.deserialize(one) for one in blinded],
    )
    best = [0.0, 0.0, 0.0]
    for _ in range(rounds):
        seen = [
            rate(lambda: [key.issuer.answer(request) for _ in range(BATCHES)], BATCH * BATCHES),
            rate(lambda: [evaluator.evaluate_batch(ready) for _ in range(BATCHES)], BATCH * BATCHES),
        ]
        best[:2] = map(max, best, seen)
    return best[0], best[1], by_openssl()


async def whole_sets(passport: Passport, count: int) -> tuple[float, float]:
    """Tokens a second of first sets for `count` confirmers, each with an admission of its own: by the clock, of processor time."""
    at = passport.key(Role.RENEW_CONFIRMER, 1, passport.epoch)
    asked = []
    for _ in range(count):
        batches = []
        for role, many in FIRST_SET:
            key = passport.key(role, 1, passport.epoch)
            blinded = [oprf.blind(one, scalar) for one, scalar in inputs_of(key, many)]
            batches.append((key.key.id, tokens.request(key.issuer.public, blinded)))
        proof = admission_of(at, CLOCK.random_bytes(16))
        asked.append(issue.Asked(By.ADMISSION, proof, CLOCK.random_bytes(32), batches))
    left = iter(asked)

    async def phone() -> None:
        for one in left:
            await issue.issue(passport, one)

    began, worked = time.perf_counter(), time.process_time()
    await asyncio.gather(*(phone() for _ in range(PHONES)))
    given = count * sum(many for _, many in FIRST_SET)
    return given / (time.perf_counter() - began), given / (time.process_time() - worked)


def by_the_library(rounds: int) -> float:
    """Tokens a second by `voprf` alone in batches of a set's sizes, from bytes to bytes and nothing else; the best of `rounds`."""
    evaluator = ristretto.Evaluator.from_seed(b"s" * 32, b"bench")
    blinded = oprf.blind(b"any", oprf.random_scalar(CLOCK.random_bytes(64)))
    a_set = sum(many for _, many in FIRST_SET)

    def answer() -> None:
        for _, many in FIRST_SET * BATCHES:
            evaluator.evaluate_batch([ristretto.BlindedInput.deserialize(blinded) for _ in range(many)]).serialize()

    return max(rate(answer, a_set * BATCHES) for _ in range(rounds))


def by_openssl() -> float:
    """X25519 agreements a second on one core, as `openssl speed` counts them."""
    told = subprocess.run(
        ["openssl", "speed", "-seconds", "2", "-mr", "ecdhx25519"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    line = next(one for one in told.splitlines() if one.startswith("+F5:"))
    return float(line.split(":")[-2])


def inputs_of(key: Awake, count: int) -> list[Given]:
    digest = sha256(CHALLENGE).digest()
    inputs = [tokens.token_input(CLOCK.random_bytes(32), digest, key.issuer.key_id) for _ in range(count)]
    return [(one, oprf.random_scalar(CLOCK.random_bytes(64))) for one in inputs]


def drawn(key: Awake, count: int) -> list[bytes]:
    """Tokens through the whole of blinding and unblinding."""
    found: list[bytes] = []
    while len(found) < count:
        given = inputs_of(key, BATCH)
        blinded = [oprf.blind(one, scalar) for one, scalar in given]
        answer = key.issuer.answer(tokens.request(key.issuer.public, blinded))
        inputs, scalars = [one for one, _ in given], [scalar for _, scalar in given]
        made = oprf.Evaluated(*tokens.read_answer(answer))
        outputs = oprf.finalize(inputs, scalars, blinded, made, key.issuer.public)
        found += [one + output for one, output in zip(inputs, outputs, strict=True)]
    return found[:count]


def rate(verb: Callable[[], object], count: int) -> float:
    """So many a second of processor time: one thread computes, and whoever else works on the machine does not count."""
    began = time.process_time()
    verb()
    return count / (time.process_time() - began)


async def spend(passport: Passport, raw: bytes) -> None:
    await redeem(passport, raw, CHALLENGE, CLOCK.random_bytes(32), b"bench")


async def in_company(passport: Passport, raws: Sequence[bytes]) -> None:
    left = iter(raws)

    async def one() -> None:
        for raw in left:
            await spend(passport, raw)

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))


async def at_pace(passport: Passport, raws: Sequence[bytes]) -> list[float]:
    """Seconds from when each was due to its answer, so that a stall counts for all that waited behind it."""
    began = time.perf_counter()

    async def one(number: int, raw: bytes) -> float:
        due = began + number / A_SECOND
        await asyncio.sleep(due - time.perf_counter())
        await spend(passport, raw)
        return time.perf_counter() - due

    return await asyncio.gather(*(one(number, raw) for number, raw in enumerate(raws)))


if __name__ == "__main__":
    main()
