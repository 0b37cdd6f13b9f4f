"""Change: the phone that made a circle writes a letter anew, gives a place to somebody else, or draws new code words.

All of it at once or none. A place whose secret changed is a new place: whoever had the old link is in no circle any more.
"""

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from tocsin.circle import queries, sealed
from tocsin.circle.begin import NewDoor, NewPlace, door_of, noise, place_of
from tocsin.circle.keep import keep
from tocsin.circle.model import (
    DOOR_BOX_BYTES,
    NOTE_BYTES,
    SEAL_BYTES,
    AskedWrong,
    CircleUnknown,
    Door,
    Kind,
    Place,
)
from tocsin.circle.read import bytes_of, secret_of
from tocsin.circle.room import Circles


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /circle/change`. `box`: the phone's door as it is to be; `words`: the other; `places`: those that change."""

    door: str
    box: str
    words: NewDoor
    places: list[NewPlace]


async def change(circles: Circles, asked: Change) -> None:
    """Raises `CircleUnknown`, `NotYourPhone`, `AskedWrong`."""
    secret, box = secret_of(asked.door), bytes_of(asked.box, DOOR_BOX_BYTES)
    old, new = await circles.own_door(secret), _new(secret, box)
    words, words_box = door_of(asked.words)
    places = {one.id: one for one in (place_of(circles, told) for told in asked.places)}
    before, after = ({sealed.place_id(share) for share in door.places} for door in (old, new))
    added, gone = after - before, before - after
    if sealed.number_of(new.words_name) != words or not added <= places.keys() <= after:
        raise AskedWrong
    old_words = sealed.number_of(old.words_name)
    ends = await circles.database.read(lambda c: queries.end_of(c, [old.id, old_words], list(before)))
    if not ends:  # a box can name anything; what it takes away has to be there, or rows would come and none go
        raise CircleUnknown
    until = await keep(circles, ends, is_used=any(told.letter for told in asked.places))

    def verb(connection: Connection) -> None:
        queries.put_door(connection, old.id, box=box)
        if words == old_words:
            queries.put_door(connection, words, box=words_box)
        else:
            queries.add_door(connection, words, words_box, noise(circles, NOTE_BYTES + SEAL_BYTES), until)
        queries.drop(connection, [old_words] if words != old_words else [], list(gone))
        for number, one in sorted(places.items()):
            _put(connection, one, until, is_new=number in added)
        queries.renew(connection, [old.id, words], list(after), until)

    try:
        await circles.database.write(verb)
    except IntegrityError as error:
        raise AskedWrong from error


def _new(secret: bytes, box: bytes) -> Door:
    try:
        new = sealed.open_door(secret, box)
    except CircleUnknown as error:
        raise AskedWrong from error
    if new.kind is not Kind.PHONE:
        raise AskedWrong
    return new


def _put(connection: Connection, one: Place, until: int, *, is_new: bool) -> None:
    if is_new:
        queries.add_place(connection, one, until)
    else:
        queries.put_letter(connection, one.id, one.letter)
