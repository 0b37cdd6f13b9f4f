"""What issuer and verifier write down of a whole node's real addresses, over real sockets: every body of every request, in order.

`logs(folder, pairs)` begins a node, serves it as `tocsin serve` does, and lets so many phones as it takes fetch their sets with
an admission each and spend all of their tokens, everybody's in one shuffled order, as people do who need them on different days.
It answers the two logs for `linking.judged`, with what whoever holds the key makes of them.
"""

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import msgspec

from tests.encounters.conftest import settings_in
from tests.passport.linking import Asked, Spent
from tests.passport.member import CLOCK, Phone
from tests.waiting import wait_until
from tocsin import new_keys
from tocsin.app import application
from tocsin.at_passport import passport_of
from tocsin.crypto import oprf, tokens
from tocsin.ids import b64, unb64
from tocsin.jurisdictions import load
from tocsin.node import Node
from tocsin.passport.keep import keep
from tocsin.passport.model import SETS, Pass, Role
from tocsin.passport.room import Awake, Passport, admission_of
from tocsin.web.server import server

EACH = SETS[Role.MEMBER][Role.MEMBER]
AT_ONCE = 8
Ask = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
Overheard = list[tuple[dict[str, Any], dict[str, Any]]]


def logs(folder: Path, pairs: int, source: random.Random) -> tuple[list[Asked], list[Spent]]:
    """Of at least `pairs` tokens, each issue beside its use."""
    settings = msgspec.structs.replace(
        settings_in(folder), beat_seconds=1, passport_cohorts=1, passport_cohort_least=1, trials=True
    )
    new_keys.make(settings, None, CLOCK)
    node = Node.open(settings, load.load(settings.pack), CLOCK)
    with served(node) as address:
        return asyncio.run(_lived(passport_of(node), address, -(-pairs // EACH), source))


@contextmanager
def served(node: Node) -> Iterator[str]:
    """Where a whole node answers, until the block ends."""
    running = server(application(node), host="127.0.0.1", port=0, tls=None)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        wait_until(lambda: running.started, 60)
        address = f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
        keys = f"{address}/passport/keys"
        wait_until(lambda: len(httpx.get(keys, trust_env=False).json().get("keys", [])) == len(Role), 60, step=0.2)
        yield address
    finally:
        running.should_exit = True
        thread.join()


async def _lived(
    passport: Passport, address: str, count: int, source: random.Random
) -> tuple[list[Asked], list[Spent]]:
    await keep(passport)
    key = passport.key(Role.MEMBER, 1, passport.epoch)
    issued: Overheard = []
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=120, limits=limits) as client:

        async def ask(place: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = await client.post(place, json=body)
            answer.raise_for_status()
            told: dict[str, Any] = answer.json()
            if place == "/passport/issue":
                issued.append((body, told))
            return told

        phones = [_admitted(ask, passport) for _ in range(count)]
        for phone in phones:  # one after another: then the issuer's log has the order of the phones, and so have we
            await phone.fetch([role for role in SETS[Role.MEMBER] if role is not Role.VOUCHER])
        raws = [raw for phone in phones for raw in phone.tokens[Role.MEMBER]]
        order = source.sample(range(len(raws)), len(raws))
        waiting = iter(order)

        async def spends() -> None:
            for index in waiting:
                await ask("/passport/try", {"token": b64(raws[index]), "secret": b64(CLOCK.random_bytes(32))})

        await asyncio.gather(*(spends() for _ in range(AT_ONCE)))
    return written_down(passport, key, issued, raws, order)


def _admitted(ask: Ask, passport: Passport) -> Phone:
    """A phone whose owner was admitted: of that nothing is asked here, and nobody is told who it is."""
    phone = Phone(ask, passport, role=Role.MEMBER, cohort=1)
    at = passport.key(Role.RENEW_MEMBER, 1, passport.epoch)
    phone.right = ("admission", admission_of(at, CLOCK.random_bytes(16)))
    return phone


def written_down(
    passport: Passport, key: Awake, issued: Overheard, raws: list[bytes], order: list[int]
) -> tuple[list[Asked], list[Spent]]:
    """Both logs, in the issuer's order, for whoever has the seed. `order`: in which the tokens were spent."""
    secret = secret_of(passport, key.key.slot, key.says)
    elements = [one for said in issued for one in elements_of(key.key.id, *said)]
    assert len(elements) == len(raws)
    places = {index: place / len(raws) for place, index in enumerate(order)}
    asked = [Asked(*one, at / len(raws), at % EACH / EACH) for at, one in enumerate(elements)]
    spent = [
        Spent(raw, oprf.hash_to_group(raw[:98]), oprf.blind(raw[:98], secret), places[at])
        for at, raw in enumerate(raws)
    ]
    return asked, spent


def elements_of(key_id: bytes, body: dict[str, Any], told: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """Blinded and evaluated elements of one key in one request for tokens."""
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
