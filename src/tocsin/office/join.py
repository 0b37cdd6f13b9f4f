"""Join: somebody accepts an invitation with keys that their browser made."""

import re
from hashlib import sha256

from sqlalchemy import Connection

from tocsin.crypto import envelope
from tocsin.office.model import Join, Place, raw
from tocsin.office.prove import made, refuse_without_keys
from tocsin.office.room import Office
from tocsin.people import doors, invitation, staff
from tocsin.people.doors import Door, DoorMalformed
from tocsin.people.invitation import Invitation
from tocsin.people.staff import Staff
from tocsin.tlog import entry as entries
from tocsin.tlog import public

SALT_BYTES = 32
RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")


async def opened(office: Office, secret: str) -> Invitation:
    """What a link invites to. Raises `InvitationUnknown`."""
    today = office.today
    return await office.database.read(lambda c: invitation.opened(c, secret, today))


async def join(office: Office, said: Join, place: Place) -> tuple[Staff, Door]:
    """Take somebody in, once for each link.

    Raises `InvitationUnknown`, `ChallengeGone`, `DoorMalformed`, `PseudonymTaken`; then the link can be tried again.
    """
    invited = await opened(office, said.secret)
    person = _person(invited, said)
    about = b"\n" + person.recipient.encode() + b"\n" + person.signing_key
    refuse_without_keys(person.signing_key, said.keys_signature, place, said.door.proof.challenge, about)
    door = made(office, said.door, person.id, place)
    salt = office.clock.random_bytes(SALT_BYTES)

    def take_in(connection: Connection) -> None:
        invitation.use_up(connection, invited.digest)
        staff.add(connection, person, salt)
        doors.add(connection, door)
        _queue(connection, person, salt)

    await office.database.write(take_in)
    return person, door


def _person(invited: Invitation, said: Join) -> Staff:
    key = raw(said.signing_key)
    if len(key) != 32 or not RECIPIENT.fullmatch(said.recipient):
        raise DoorMalformed
    try:
        envelope.seal_to([said.recipient], b"")
    except envelope.RecipientMalformed as error:
        raise DoorMalformed from error
    return Staff(invited.staff_id, invited.pseudonym, invited.roles, said.recipient, key)


def _queue(connection: Connection, person: Staff, salt: bytes) -> None:
    """Put a commitment to the public halves in line for the log, which nobody can tell from filler. Whose keys count, as a
    steward's or for the desk, is said by stewards' statements alone (`docs/spec/stewards.md`), never by a link.
    """
    hidden = entries.beat_entry(staff.commitment(person, salt))
    public.queue(connection, sha256(hidden).digest(), public.HIDDEN, hidden)
