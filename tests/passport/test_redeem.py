"""A token counts once: whoever races, repeats, forges, or comes from elsewhere."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete

from tests.passport import racer
from tests.passport.conftest import MovableClock, beat, room_of
from tests.passport.member import CHALLENGE, CLOCK, issued, key_of
from tocsin.at_passport import taker
from tocsin.crypto import tokens
from tocsin.errors import TocsinError
from tocsin.node import Node
from tocsin.passport import burn, keep, queries
from tocsin.passport.model import (
    Kind,
    Pass,
    Role,
    SecretWrong,
    TokenBurnt,
    TokenEarly,
    TokenExpired,
    TokenForeign,
    TokenForged,
    TokenOfOtherRole,
    TokenSpent,
    TokenWrong,
)
from tocsin.passport.redeem import redeem
from tocsin.passport.room import Awake, Passport
from tocsin.store.db import Database
from tocsin.store.tables import work
from tocsin.tlog.token_keys import EPOCH_S

pytestmark = pytest.mark.anyio

RACES = 1000


def secret() -> bytes:
    return CLOCK.random_bytes(32)


async def refusal(passport: Passport, raw: bytes, challenge: bytes = CHALLENGE, given: bytes = b"s" * 32) -> type:
    """How it is refused; a test that expects it fails where it is not."""
    with pytest.raises(TocsinError) as found:
        await redeem(passport, raw, challenge, given, b"report 1")
    assert found.value.message.endswith(".")
    assert await passport.database.read(queries.count_spent) == 0, "what is refused spends nothing"
    return found.type


@contextmanager
def rival_of(node: Node, database: str) -> Iterator[Passport]:
    """What another process has: its own memory of the keys and, where the database allows two, its own connections."""
    rival = room_of(node)
    if not database:
        yield rival
        return
    with closing(Database.open(database)) as rival.database:
        yield rival


async def test_of_a_thousand_races_each_has_one_winner(node: Node, passport: Passport, tmp_path: Path) -> None:
    """Of two processes of the operating system on one store, each with its own connections, its own keys and its own secrets."""
    tokens_file = tmp_path / "tokens"
    tokens_file.write_text("\n".join(raw.hex() for raw in issued(key_of(passport), RACES)))
    asked = (node.settings.database_url, str(Path(node.settings.folder) / "erase.keys"), str(tokens_file))
    one, other = await asyncio.to_thread(raced, asked)
    for pair in zip(*(told[0] for told in (one, other)), strict=True):
        assert sorted(pair) == ["s", "w"]
    assert one[0] == one[1], "asking again is answered as before"
    assert other[0] == other[1], "asking again is answered as before"
    assert await passport.database.read(queries.count_spent) == RACES
    acts = await passport.database.read(
        lambda c: queries.count_codes(c, key_of(passport).key.id, Kind.TRAINING, racer.SIDE)
    )
    assert acts == RACES, "each act was done once, by either"


def raced(asked: Sequence[str]) -> tuple[list[str], list[str]]:
    """What two racers said of every token, the first time and the second."""
    command = [sys.executable, "-m", racer.__name__, *asked]
    with ExitStack() as running:
        racers = [
            running.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for _ in range(2)
        ]
        for one in racers:
            assert one.stdout
            assert one.stdout.readline() == "ready\n"
        for one in racers:
            assert one.stdin
            one.stdin.write("go\n")
            one.stdin.flush()
        first, second = (one.communicate(timeout=300)[0].split() for one in racers)
    assert [one.returncode for one in racers] == [0, 0]
    return first, second


async def test_asking_again_is_answered_again_and_done_once(node: Node, passport: Passport, database: str) -> None:
    """Also by another process, also all at once; the act stands or falls with the token."""
    done: list[Pass] = []

    def act(connection: Connection, says: Pass) -> None:
        done.append(says)
        connection.execute(delete(work))

    def fails(connection: Connection, says: Pass) -> None:
        raise NotADirectoryError(says, connection)

    [raw], mine = issued(key_of(passport, Role.HELPER, 2), 1), secret()
    with pytest.raises(NotADirectoryError):
        await redeem(passport, raw, CHALLENGE, mine, b"report 1", fails)
    assert await passport.database.read(queries.count_spent) == 0
    with rival_of(node, database) as rival:
        await keep.keep(rival)
        tries = [redeem(room, raw, CHALLENGE, mine, b"report 1", act) for room in (passport, rival) * 10]
        assert set(await asyncio.gather(*tries)) == {Pass(Role.HELPER, 2, passport.epoch)}
    assert len(done) == 1
    for given, what in ((secret(), b"report 1"), (mine, b"report 2")):
        with pytest.raises(TokenSpent):
            await redeem(passport, raw, CHALLENGE, given, what, act)
    assert len(done) == 1


async def test_what_is_forged_foreign_or_noise_is_refused_in_words(passport: Passport) -> None:
    confirmer, member = key_of(passport), key_of(passport, Role.MEMBER)
    [raw] = issued(confirmer, 1)
    token = tokens.read_token(raw)
    stranger = Awake(confirmer.key, tokens.Issuer(b"q" * 32, b"elsewhere"), b"")
    other_purpose = tokens.challenge("other.example", "sample.example/log")
    assert await refusal(passport, raw[:-1] + bytes([raw[-1] ^ 1])) is TokenForged
    assert await refusal(passport, token._replace(nonce=bytes(32)).raw) is TokenForged
    assert await refusal(passport, token._replace(key_id=member.key.id).raw) is TokenForged
    assert await refusal(passport, issued(stranger, 1)[0]) is TokenForeign
    assert await refusal(passport, raw, other_purpose) is TokenForeign
    assert await refusal(passport, issued(confirmer, 1, other_purpose)[0]) is TokenForeign
    assert await refusal(passport, raw[:-1]) is TokenWrong
    assert await refusal(passport, b"") is TokenWrong
    assert await refusal(passport, raw, given=b"short") is SecretWrong
    assert await redeem(passport, raw, CHALLENGE, secret(), b"") == Pass(Role.CONFIRMER, 1, passport.epoch)


async def test_a_room_is_handed_a_taker_of_one_role(passport: Passport) -> None:
    done: list[tuple[int, int]] = []
    take, mine = taker(passport, Role.CONFIRMER), secret()
    [confirmer], [member] = issued(key_of(passport, Role.CONFIRMER, 2), 1), issued(key_of(passport, Role.MEMBER), 1)
    for _ in range(2):
        found = await take(confirmer, mine, b"yes", lambda _, cohort, epoch: done.append((cohort, epoch)))
        assert found == (2, passport.epoch)
    assert done == [(2, passport.epoch)]
    with pytest.raises(TokenOfOtherRole):
        await take(member, secret(), b"yes", lambda *_: done.append((0, 0)))
    assert (await redeem(passport, member, CHALLENGE, secret(), b"")).role is Role.MEMBER, "it was not spent"


async def test_a_token_counts_in_its_own_week_alone(passport: Passport, clock: MovableClock) -> None:
    [now], [later] = issued(key_of(passport), 1), issued(key_of(passport, later=1), 1)
    assert await refusal(passport, later) is TokenEarly
    clock.ms += EPOCH_S * 1000
    assert await refusal(passport, now) is TokenExpired, "also before anybody swept"
    await keep.keep(passport)
    assert await refusal(passport, now) is TokenExpired
    assert (await redeem(passport, later, CHALLENGE, secret(), b"")).epoch == passport.epoch


async def test_a_burnt_role_is_worth_nothing_at_once_in_every_process(
    node: Node, passport: Passport, database: str
) -> None:
    [confirmer], [member] = issued(key_of(passport), 1), issued(key_of(passport, Role.MEMBER), 1)
    with rival_of(node, database) as rival:
        await keep.keep(rival)
        await burn.burn(passport, Role.CONFIRMER)
        assert await refusal(rival, confirmer) is TokenBurnt, "it has the key in memory still"
    assert await refusal(passport, confirmer) is TokenBurnt
    await beat(node)
    await keep.keep(passport)
    assert await refusal(passport, confirmer) is TokenBurnt
    fresh, says = issued(key_of(passport), 1)[0], Pass(Role.CONFIRMER, 1, passport.epoch)
    assert await redeem(passport, fresh, CHALLENGE, secret(), b"") == says
    assert (await redeem(passport, member, CHALLENGE, secret(), b"")).role is Role.MEMBER
