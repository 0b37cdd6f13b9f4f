"""Look: the phone that made a circle asks how it stands, and so keeps it."""

from dataclasses import dataclass

from tocsin.circle import queries, sealed
from tocsin.circle.keep import keep
from tocsin.circle.room import DAY_S, Circles
from tocsin.ids import b64


@dataclass(frozen=True)
class Seen:
    """`uses`: when code words told it, Unix seconds, whole minutes. `taken`: of each place, whether anybody ever opened its link; that
    they left since is theirs alone.
    """

    uses: list[int]
    taken: list[bool]
    words: str
    """Number of the door that opens with words: changed when the words are."""
    until: int
    """Unix seconds at which it ends if nobody looks again."""


async def look(circles: Circles, secret: bytes) -> Seen:
    """Raises `CircleUnknown`, `NotYourPhone`."""
    door = await circles.own_door(secret)
    words, numbers = sealed.number_of(door.words_name), [sealed.place_id(share) for share in door.places]
    note = await circles.database.read(lambda c: queries.note_of(c, words))
    kept = await circles.database.read(lambda c: queries.places(c, numbers))
    taken = [
        number in kept and sealed.endpoint_in(share, number, kept[number].box) is not None
        for number, share in zip(numbers, door.places, strict=True)
    ]
    uses = sealed.uses_in(door.note_key, words, note) if note else []
    ends = await circles.database.read(lambda c: queries.end_of(c, [door.id, words], numbers))
    until = await keep(circles, ends, is_used=any(taken)) if ends else circles.today
    if until > ends > 0:
        await circles.database.write(lambda c: queries.renew(c, [door.id, words], numbers, until))
    return Seen(uses, taken, b64(words), (until + 1) * DAY_S)
