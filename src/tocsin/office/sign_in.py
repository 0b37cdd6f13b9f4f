"""Sign in: prove a door, and be given a session."""

import hmac

from sqlalchemy import Connection

from tocsin.office.model import Place, SignIn, raw
from tocsin.office.prove import prove
from tocsin.office.room import Office
from tocsin.people import doors, staff
from tocsin.people.doors import SALT_BYTES, Door, DoorUnknown, Kind
from tocsin.people.staff import Staff, StaffUnknown, State


async def salt_of(office: Office, pseudonym: str) -> bytes:
    """16 bytes to stretch a passphrase with, the same each time, for a pseudonym that nobody has as well."""
    folded = staff.folded(pseudonym)
    found = await office.database.read(lambda c: doors.salt_of(c, folded))
    nobodys = hmac.digest(office.salts, b"tocsin.staff/v1 salt\n" + folded.encode(), "sha256")[:SALT_BYTES]
    return found or nobodys


async def sign_in(office: Office, said: SignIn, place: Place) -> tuple[Staff, Door]:
    """Who came in, and by which door. Raises `ChallengeGone`, `TooManyTries`, and `DoorUnknown` for everything that proves nothing."""
    folded = staff.folded(said.pseudonym)
    if said.kind is Kind.PASSPHRASE:
        office.backoff.take(folded)
    credential = raw(str(said.proof.credential.get("id", "")))
    public = raw(said.proof.public)

    def find(connection: Connection) -> tuple[Staff, Door]:
        is_passkey = said.kind is Kind.PASSKEY
        door = doors.by_credential(connection, credential) if is_passkey else doors.by_public(connection, public)
        return staff.staff_of(connection, door.staff_id), door

    try:
        person, door = await office.database.read(find)
    except StaffUnknown as error:
        raise DoorUnknown from error
    if door.kind is not said.kind or person.state is not State.ACTIVE:
        raise DoorUnknown
    if said.kind is Kind.PASSPHRASE and staff.folded(person.pseudonym) != folded:
        raise DoorUnknown  # else each guess could be made under another pseudonym, and none would be asked to wait
    prove(office, said.proof, door, place)
    office.backoff.forgive(folded)
    return person, door
