"""Fill a place: a contact's phone comes in, renews itself, or leaves. One request for all three, so the node cannot tell who left."""

import msgspec

from tocsin.circle import queries, sealed
from tocsin.circle.model import ENDPOINT_BOX_BYTES, CircleUnknown
from tocsin.circle.read import bytes_of, secret_of
from tocsin.circle.room import Circles


class Fill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /circle/place`. `place` is derived from the link's secret; `box` is sealed under another key derived from it."""

    place: str
    box: str


async def fill(circles: Circles, asked: Fill) -> None:
    """Raises `AskedWrong`, `CircleUnknown`."""
    number, box = sealed.number_of(secret_of(asked.place)), bytes_of(asked.box, ENDPOINT_BOX_BYTES)
    if not await circles.database.write(lambda c: queries.fill(c, number, box)):
        raise CircleUnknown
