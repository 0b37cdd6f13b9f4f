"""End a circle: nothing of it stays. Whoever was in it hears nothing of that."""

from tocsin.circle import queries, sealed
from tocsin.circle.room import Circles


async def end(circles: Circles, secret: bytes) -> None:
    """Raises `CircleUnknown`, `NotYourPhone`."""
    door = await circles.own_door(secret)
    doors = [door.id, sealed.number_of(door.words_name)]
    numbers = [sealed.place_id(share) for share in door.places]
    await circles.database.write(lambda c: queries.drop(c, doors, numbers))
