"""With the key and both full logs nobody links a token to its issue; and the attacks find clients that do it wrong."""

import random
from typing import Any

import pytest

from tests.passport.conftest import Post
from tests.passport.linking import HONEST, WRONG, attacked, judged
from tests.passport.member import CLOCK, Phone
from tests.passport.overheard import EACH, Overheard, written_down
from tocsin.ids import b64
from tocsin.passport import hand_out
from tocsin.passport.model import Role
from tocsin.passport.room import Passport


def test_an_honest_members_tokens_are_linked_no_better_than_by_chance() -> None:
    assert not [found for found in attacked(HONEST, 300, random.Random(7)) if found.is_linked]


@pytest.mark.parametrize("name", WRONG)
def test_a_client_that_does_it_wrong_is_linked(name: str) -> None:
    assert any(found.is_linked for found in attacked(WRONG[name], 150, random.Random(7)))


@pytest.mark.anyio
@pytest.mark.parametrize("database", [""])
async def test_whoever_keeps_every_request_of_the_real_addresses_links_nothing(passport: Passport, post: Post) -> None:
    """Admitted, issued and spent over HTTP by real phones; the attacker wrote down every body and has every key."""
    issued: Overheard = []

    async def overheard(address: str, body: dict[str, Any]) -> dict[str, Any]:
        told = await post(address, body)
        if address == "/passport/issue":
            issued.append((body, told))
        return told

    passport.cohorts = 1
    sides = [await hand_out.vouches(passport, steward, 6) for steward in (b"one", b"other")]
    phones = [Phone(overheard, passport) for _ in range(6)]
    trainings = await hand_out.trainings(passport, Role.MEMBER, 6)
    for phone, one, other, training in zip(phones, *sides, trainings, strict=True):
        await phone.join((one, other), training)
    key = passport.key(Role.MEMBER, 1, passport.epoch)
    raws = [raw for phone in phones for raw in phone.tokens[Role.MEMBER]]
    assert len(raws) == 6 * EACH
    source = random.Random(9)
    order = source.sample(range(len(raws)), len(raws))
    for index in order:
        await post("/passport/try", {"token": b64(raws[index]), "secret": b64(CLOCK.random_bytes(32))})
    found = judged(*written_down(passport, key, issued, raws, order), source)
    assert not [one for one in found if one.is_linked]
