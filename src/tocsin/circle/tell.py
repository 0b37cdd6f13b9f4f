"""Tell a circle: open the places in memory, hand each push service its message, forget them.

What is sent was sealed for each receiver on the phone that made the circle, and is believed there for the phone's signature alone. The
node opens addresses, and no word. Nothing here reaches a recording, a call or a place: telling is all it can do.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from tocsin.circle import queries, sealed
from tocsin.circle.model import (
    NONCE_BYTES,
    CircleUnknown,
    Door,
    Kind,
    NotYourPhone,
    Place,
    Reached,
    Said,
    Word,
    WordsUnknown,
)
from tocsin.circle.read import SIGNATURE_BYTES, bytes_of, said_of, secret_of
from tocsin.circle.room import Circles
from tocsin.deliver.endpoint import Endpoint, EndpointWrong
from tocsin.deliver.lane import Answer
from tocsin.deliver.webpush import MOST_TTL_S
from tocsin.ids import b64

AGAIN_S = (0.5, 2.0)
"""A push service that did not answer is asked again after these, while addresses are in memory anyway."""
LONGEST_S = 8.0
MINUTE_S = 60


class Tell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /circle/tell`. `door`: 32 bytes, kept by the phone or derived from code words; `said`: canonical JSON, signed."""

    door: str
    said: str
    signature: str


async def tell(circles: Circles, asked: Tell) -> Reached:
    """Raises `WordsUnknown` or `TooManyTries` for a door that is none, `ToldOften`, `AskedWrong`, `KeyLocked`."""
    said, signature = said_of(asked.said), bytes_of(asked.signature, SIGNATURE_BYTES)
    door = await _opened(circles, secret_of(asked.door))
    if said.kind is Word.TRIAL and door.kind is not Kind.PHONE:
        raise NotYourPhone
    if said.kind is not Word.FALSE_ALARM:
        circles.count_told(door)
    if door.kind is Kind.WORDS:
        await _mark(circles, secret_of(asked.door), said)
    found = await _receivers(circles, door)
    parts = {"circle": 1, "said": asked.said, "sig": b64(signature), "cert": b64(door.certificate)}
    answers = await asyncio.gather(
        *(
            _send(circles, endpoint, msgspec.json.encode({**parts, "letter": b64(one.letter)}))
            for one, endpoint in found
        )
    )
    return _reached(answers)


async def _opened(circles: Circles, secret: bytes) -> Door:
    """What is right never waits: whoever floods this with wrong words holds up nobody who knows them."""
    try:
        return await circles.door(secret)
    except CircleUnknown as error:
        circles.tries.take("")
        raise WordsUnknown from error


async def _mark(circles: Circles, secret: bytes, said: Said) -> None:
    """Note for the phone that words were used, so that its owner sees it. A false alarm is not another use."""
    if said.kind is Word.FALSE_ALARM:
        return
    number, key = sealed.door_id(secret), sealed.derived(secret, b"note")
    now, nonce = circles.clock.now_ms() // 1000, circles.clock.random_bytes(NONCE_BYTES)
    note = await circles.database.read(lambda c: queries.note_of(c, number))
    uses = [*sealed.uses_in(key, number, note), now - now % MINUTE_S]
    fresh = sealed.note_of(key, number, uses, nonce)
    await circles.database.write(lambda c: queries.put_door(c, number, note=fresh))


async def _receivers(circles: Circles, door: Door) -> list[tuple[Place, Endpoint]]:
    """Whoever is in the circle now, in memory."""
    shares = {sealed.place_id(share): share for share in door.places}
    kept = await circles.database.read(lambda c: queries.places(c, list(shares)))
    found = []
    for number, one in kept.items():
        told = sealed.endpoint_in(shares[number], number, one.box)
        if told is None or isinstance(told, bool):
            continue
        try:
            found.append((one, circles.sender.allowed.endpoint_of(told)))
        except EndpointWrong:  # whoever has the link wrote it; it holds up nobody else
            continue
    return found


async def _send(circles: Circles, endpoint: Endpoint, payload: bytes) -> Answer:
    try:
        return await asyncio.wait_for(_tried(circles, endpoint, payload), LONGEST_S)
    except TimeoutError:
        return Answer.FAILED


async def _tried(circles: Circles, endpoint: Endpoint, payload: bytes) -> Answer:
    try:
        answer = await circles.sender.send(endpoint, payload, ttl_s=MOST_TTL_S, quota=circles.quota)
        for wait in AGAIN_S:
            if answer not in (Answer.SLOW, Answer.FAILED):
                break
            await asyncio.sleep(wait)
            answer = await circles.sender.send(endpoint, payload, ttl_s=MOST_TTL_S, quota=circles.quota)
    except ValueError:  # no point of the curve: no browser ever said this
        return Answer.GONE
    return answer


def _reached(answers: Sequence[Answer]) -> Reached:
    """Who has gone is not counted as missing: it would say who left."""
    taken = sum(answer is Answer.TAKEN for answer in answers)
    missed = sum(answer in (Answer.SLOW, Answer.FAILED, Answer.REFUSED) for answer in answers)
    if not taken:
        return Reached.NOBODY
    return Reached.SOME if missed else Reached.EVERYBODY
