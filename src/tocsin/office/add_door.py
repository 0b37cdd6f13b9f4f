"""Add a door: another device, another passphrase, a recovery sheet."""

from tocsin.office.model import AddDoor, Place, raw
from tocsin.office.prove import made, refuse_without_keys
from tocsin.office.room import Office
from tocsin.people import doors
from tocsin.people.doors import Door
from tocsin.people.staff import Staff


async def add_door(office: Office, person: Staff, said: AddDoor, place: Place) -> Door:
    """Raises `ChallengeGone`, `DoorMalformed`, `DoorsTooMany`. A signed-in browser without the keys opened adds nothing."""
    about = b"\n" + raw(said.door.sealed)
    refuse_without_keys(person.signing_key, said.keys_signature, place, said.door.proof.challenge, about)
    door = made(office, said.door, person.id, place)
    await office.database.write(lambda c: doors.add(c, door))
    return door
