"""Keys of the passport: in the log before use, one for all, destroyed for good on schedule."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.passport.conftest import COHORTS, MovableClock, beat, open_node, room_of
from tests.passport.member import CHALLENGE, CLOCK, issued, key_of
from tocsin.at_passport import keys_answer
from tocsin.crypto import canonical
from tocsin.encounters import start
from tocsin.node import Node
from tocsin.passport import burn, keep, queries
from tocsin.passport.model import KeysUsedUp, Pass, Role, TokenForeign, TokenSpent
from tocsin.passport.redeem import redeem
from tocsin.passport.room import Passport
from tocsin.store.erase_keys import KeyErased
from tocsin.tlog import merkle, public, token_keys
from tocsin.tlog.entry import TOKEN_KEYS
from tocsin.tlog.token_keys import EPOCH_S, KEYS_MOST, KIND, Entered

pytestmark = pytest.mark.anyio

EACH = len(Role) * COHORTS


@pytest.fixture
def database() -> str:
    """That keys are made, found and dropped on both databases is held by `test_redeem`."""
    return ""


async def test_no_key_is_used_before_it_stands_in_the_log(node: Node) -> None:
    passport = room_of(node)
    await keep.keep(passport)
    [raw] = issued(key_of(passport), 1)
    with pytest.raises(TokenForeign):
        await redeem(passport, raw, CHALLENGE, CLOCK.random_bytes(32), b"")
    await beat(node)
    assert await redeem(passport, raw, CHALLENGE, CLOCK.random_bytes(32), b"") == Pass(
        Role.CONFIRMER, 1, passport.epoch
    )


async def test_one_key_for_each_role_cohort_and_epoch_each_of_a_seed_of_its_own(node: Node, passport: Passport) -> None:
    """However many processes keep them, and however often."""
    rival = room_of(node)
    for room in (passport, rival, passport):
        await keep.keep(room)
    keys = await passport.database.read(queries.keys)
    wanted = {(role, cohort, passport.epoch + later) for role in Role for cohort in (1, 2) for later in (0, 1)}
    assert {(one.role, one.cohort, one.epoch) for one in keys} == wanted
    assert len(keys) == len({one.public for one in keys}) == len({one.slot for one in keys}) == 2 * EACH
    assert len({passport.erase_keys.key(one.slot) for one in keys}) == 2 * EACH
    assert rival.awake.keys() == passport.awake.keys() == {one.id for one in keys}
    standing = await passport.database.read(lambda c: public.standing(c, KIND))
    assert len(standing) == 2 * EACH


async def test_a_key_whose_week_is_over_is_overwritten_with_all_that_was_spent(
    passport: Passport, clock: MovableClock
) -> None:
    awake = [one for one in passport.awake.values() if one.key.epoch == passport.epoch]
    old = [one for one in awake if one.says.role.renews is None]
    [raw] = issued(key_of(passport), 1)
    await redeem(passport, raw, CHALLENGE, CLOCK.random_bytes(32), b"")
    clock.ms += EPOCH_S * 1000
    await keep.keep(passport)
    for one in old:
        assert one.key.id not in passport.awake
        with pytest.raises(KeyErased):
            passport.erase_keys.key(one.key.slot)
    assert await passport.database.read(queries.count_spent) == 0
    kept = await passport.database.read(queries.keys)
    assert {one.epoch for one in kept if one.role.renews is None} == {passport.epoch, passport.epoch + 1}
    renewing = {one.key.id for one in awake if one not in old}
    assert renewing < {one.id for one in kept}, "with these people come from one week into the next"
    clock.ms += EPOCH_S * 1000
    await keep.keep(passport)
    assert not renewing & passport.awake.keys()


async def test_a_restart_keeps_keys_and_what_was_spent(
    tmp_path: Path, node: Node, passport: Passport, database: str, clock: MovableClock
) -> None:
    raw, other = issued(key_of(passport), 2)
    secret = CLOCK.random_bytes(32)
    await redeem(passport, raw, CHALLENGE, secret, b"an act")
    await node.end()
    again = open_node(tmp_path, database, clock)
    try:
        await start.start(again.encounters)
        room = room_of(again)
        await keep.keep(room)
        assert room.awake.keys() == passport.awake.keys()
        with pytest.raises(TokenSpent):
            await redeem(room, raw, CHALLENGE, CLOCK.random_bytes(32), b"an act")
        says = Pass(Role.CONFIRMER, 1, room.epoch)
        assert says == await redeem(room, raw, CHALLENGE, secret, b"an act")
        assert says == await redeem(room, other, CHALLENGE, secret, b"an act")
    finally:
        await again.end()


async def test_keys_that_are_lost_are_taken_off_the_log_and_others_made(node: Node, passport: Passport) -> None:
    """As on a node that was restored: seeds are in no backup."""
    before = {*passport.awake}
    for one in [*passport.awake.values()]:
        passport.erase_keys.erase(one.key.slot)
    fresh = room_of(node)
    for _ in range(2):
        await keep.keep(fresh)
    assert not before & fresh.awake.keys()
    assert len(fresh.awake) == 2 * EACH
    assert all(fresh.logged[one].is_removed for one in before)


async def test_a_role_is_burnt_twice_a_week_and_the_third_time_is_final(node: Node, passport: Passport) -> None:
    for _ in range(KEYS_MOST - 1):
        await burn.burn(passport, Role.HELPER)
        assert len(passport.awake) == 2 * EACH
    with pytest.raises(KeysUsedUp):
        await burn.burn(passport, Role.HELPER)
    assert {one.key.role for one in passport.awake.values()} == {*Role} - {Role.HELPER}
    await beat(node)


async def test_the_list_is_proven_whole_and_what_a_beat_says_is_true(node: Node, passport: Passport) -> None:
    await burn.burn(passport, Role.MEMBER)
    await beat(node)
    told = await keys_answer(node, passport)
    assert (told["format"], told["origin"], told["epoch"]) == (
        "tocsin.passport/v1", "sample.example/log", passport.epoch,
    )  # fmt: skip
    _, size, root = str(told["checkpoint"]).split("\n")[:3]
    for shown in [told["state"], *told["keys"]]:
        proof = [base64.b64decode(step) for step in shown["proof"]]
        leaf = merkle.leaf_hash(base64.b64decode(shown["entry"]))
        merkle.verify_inclusion(leaf, shown["index"], int(size), proof, base64.b64decode(root))
    entries = [base64.b64decode(shown["entry"]) for shown in told["keys"]]
    said: Any = canonical.loads(base64.b64decode(told["state"]["entry"]).removeprefix(TOKEN_KEYS))
    assert (said["count"], said["epoch"]) == (len(entries), passport.epoch)
    assert said["head"] == token_keys.head(entries)
    acts = [entered.act for one in entries if (entered := token_keys.parse(one))]
    assert (acts.count("add"), acts.count("remove")) == (EACH + COHORTS, COHORTS)


async def test_a_node_without_cohorts_makes_no_key_and_says_nothing_in_its_log(node: Node) -> None:
    passport = room_of(node)
    passport.cohorts = 0
    await keep.keep(passport)
    await beat(node)
    told = await keys_answer(node, passport)
    assert (told["keys"], told["state"], passport.awake) == ([], None, {})


def test_what_is_no_entry_of_a_key_says_nothing() -> None:
    good = Entered("add", 1, 2970, "", "here", "member")
    assert token_keys.parse(token_keys.entry_of(good)) == good
    for bad in (b"", b"tocsin.leaf/v1 token-key\n{}", token_keys.entry_of(good) + b" ", TOKEN_KEYS + b"{}"):
        assert token_keys.parse(bad) is None
