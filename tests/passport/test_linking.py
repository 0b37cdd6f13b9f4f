"""With the key and both full logs nobody links a token to its issue; and the attacks find clients that do it wrong."""

import random
from hashlib import sha256
from typing import Any

import pytest

from tests.passport.conftest import Post
from tests.passport.linking import HONEST, WRONG, Asked, Spent, attacked, judged
from tests.passport.member import CLOCK, Phone
from tocsin.crypto import oprf, tokens
from tocsin.ids import b64, unb64
from tocsin.passport import hand_out
from tocsin.passport.model import Pass, Role
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
    bodies: list[tuple[str, dict[str, Any], dict[str, Any]]] = []

    async def overheard(address: str, body: dict[str, Any]) -> dict[str, Any]:
        told = await post(address, body)
        bodies.append((address, body, told))
        return told

    passport.cohorts = 1
    sides = [await hand_out.vouches(passport, steward, 6) for steward in (b"one", b"other")]
    phones = [Phone(overheard, passport) for _ in range(6)]
    trainings = await hand_out.trainings(passport, Role.MEMBER, 6)
    for phone, one, other, training in zip(phones, *sides, trainings, strict=True):
        await phone.join((one, other), training)
    key = passport.key(Role.MEMBER, 1, passport.epoch)
    secret = secret_of(passport, key.key.slot, key.says)
    asked = [one for said in bodies for one in elements_of(key.key.id, *said)]
    raws = [raw for phone in phones for raw in phone.tokens[Role.MEMBER]]
    assert len(asked) == len(raws) == 6 * 64
    source = random.Random(9)
    order = source.sample(range(len(raws)), len(raws))
    spent = {}
    for place, index in enumerate(order):
        raw = raws[index]
        await post("/passport/try", {"token": b64(raw), "secret": b64(CLOCK.random_bytes(32))})
        spent[index] = Spent(raw, oprf.hash_to_group(raw[:98]), oprf.blind(raw[:98], secret), place / len(raws))
    found = judged(
        [Asked(*one, at / len(raws), at % 64 / 64) for at, one in enumerate(asked)],
        [spent[at] for at in range(len(raws))],
        source,
    )
    assert not [one for one in found if one.is_linked]


def elements_of(key_id: bytes, address: str, body: dict[str, Any], told: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """Blinded and evaluated elements of one key in one request."""
    if address != "/passport/issue":
        return []
    pairs = zip(body["batches"], told["answers"], strict=True)
    return [
        each
        for batch, answer in pairs
        if unb64(batch["key"]) == key_id
        for each in zip(
            tokens.read_request(unb64(batch["request"]))[1], tokens.read_answer(unb64(answer))[0], strict=True
        )
    ]


def secret_of(passport: Passport, slot: Any, says: Pass) -> bytes:
    """As whoever took the seed makes it, by the specification."""
    told = f'{{"cohort":{says.cohort},"epoch":{says.epoch},"node":"{passport.node}","role":"{says.role}"}}'
    return oprf.derive_key_pair(passport.erase_keys.key(slot), sha256(told.encode()).digest()).secret
