"""Join: somebody accepts an invitation with keys that their browser made."""

import re
from base64 import b64encode
from hashlib import sha256

from sqlalchemy import Connection

from tocsin.crypto import canonical, envelope
from tocsin.office.model import Join, Place, raw
from tocsin.office.prove import made, refuse_without_keys
from tocsin.office.room import Office
from tocsin.people import doors, invitation, staff, steward_keys
from tocsin.people.doors import Door, DoorMalformed
from tocsin.people.invitation import Invitation
from tocsin.people.staff import Role, Staff
from tocsin.tlog import entry as entries
from tocsin.tlog import public

SALT_BYTES = 32
RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")


async def opened(office: Office, secret: str) -> Invitation:
    """What a link invites to. Raises `InvitationUnknown`."""
    today = office.today
    return await office.database.read(lambda c: invitation.opened(c, secret, today))


async def join(office: Office, said: Join, place: Place) -> tuple[Staff, Door]:
    """Take somebody in, once for each link. Their keys are in line for the log when this returns.

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
        _queue(connection, office, person, salt, is_founding=invited.is_founding)

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


def _queue(connection: Connection, office: Office, person: Staff, salt: bytes, *, is_founding: bool) -> None:
    """Put the public halves in line for the log: of everybody a commitment that nobody can tell from filler, of the stewards with whom
    a node begins their key in clear. A later steward's key, and a lawyer's for the desk, need two stewards' word: not this one's.
    """
    hidden = entries.beat_entry(staff.commitment(person, salt))
    public.queue(connection, sha256(hidden).digest(), public.HIDDEN, hidden)
    if is_founding and Role.STEWARD in person.roles:
        key = b64encode(person.signing_key).decode()
        body = steward_keys.body("add", key, person.pseudonym, office.now_s + office.wait_s)
        entry = entries.STEWARD_KEY + canonical.dumps(body)
        public.queue(connection, sha256(entry).digest(), steward_keys.KIND, entry)
