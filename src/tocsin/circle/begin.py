"""Begin a circle: two doors and fifteen places, all of one size. Nothing tells which of them anybody will take."""

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from tocsin.circle import queries
from tocsin.circle.keep import keep
from tocsin.circle.model import (
    DOOR_BOX_BYTES,
    DOORS,
    ENDPOINT_BOX_BYTES,
    LETTER_BOX_BYTES,
    NOTE_BYTES,
    PLACES,
    SEAL_BYTES,
    SECRET_BYTES,
    SHORT_DAYS,
    AskedWrong,
    CirclesFull,
    Place,
)
from tocsin.circle.read import bytes_of
from tocsin.circle.room import Circles
from tocsin.deliver.webpush import QuotaSpent


class NewDoor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id` is the digest of a name that only who opens it derives; `box` what it opens to, sealed on the phone."""

    id: str
    box: str


class NewPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`letter` is empty where nobody is meant yet: the node puts noise there."""

    id: str
    letter: str


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /circle/begin`, binary fields base64url."""

    phone: NewDoor
    words: NewDoor
    places: list[NewPlace]


async def begin(circles: Circles, asked: Begin) -> None:
    """Raises `AskedWrong`, `CirclesFull`."""
    doors = [door_of(one) for one in (asked.phone, asked.words)]
    places = [place_of(circles, one) for one in asked.places]
    numbers = {number for number, _ in doors} | {one.id for one in places}
    if len(places) != PLACES or len(numbers) != PLACES + DOORS:
        raise AskedWrong
    try:
        circles.begun.spend()
    except QuotaSpent as error:
        raise CirclesFull(**error.fields) from error
    is_used = any(one.letter for one in asked.places)
    until = await keep(circles, circles.today + SHORT_DAYS, is_used=is_used)

    def verb(connection: Connection) -> None:
        for number, box in doors:
            queries.add_door(connection, number, box, noise(circles, NOTE_BYTES + SEAL_BYTES), until)
        for one in sorted(places):
            queries.add_place(connection, one, until)

    try:
        await circles.database.write(verb)
    except IntegrityError as error:
        raise AskedWrong from error


def door_of(told: NewDoor) -> tuple[bytes, bytes]:
    """Number and box."""
    return bytes_of(told.id, SECRET_BYTES), bytes_of(told.box, DOOR_BOX_BYTES)


def place_of(circles: Circles, told: NewPlace) -> Place:
    """A place that nobody has taken."""
    letter = bytes_of(told.letter, LETTER_BOX_BYTES) if told.letter else noise(circles, LETTER_BOX_BYTES)
    return Place(bytes_of(told.id, SECRET_BYTES), noise(circles, ENDPOINT_BOX_BYTES), letter)


def noise(circles: Circles, length: int) -> bytes:
    """What nobody can tell from a sealed box."""
    return circles.clock.random_bytes(length)
