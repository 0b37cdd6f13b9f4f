"""Prove a door: that whoever asks has its secret now, on a page of this node."""

from tocsin.ids import unb64
from tocsin.office.model import NewDoor, Place, Proof, door_of, raw
from tocsin.office.room import Office
from tocsin.people import passkey
from tocsin.people.challenge import HOLD_KEYS, SIGN_IN, is_signed
from tocsin.people.doors import Door, DoorMalformed, DoorUnknown, Kind
from tocsin.people.staff import StaffId


def prove(office: Office, proof: Proof, door: Door, place: Place) -> None:
    """Raises `ChallengeGone`, `DoorUnknown`."""
    challenge = office.challenges.take(proof.challenge)
    if door.kind is Kind.PASSKEY:
        passkey.refuse_wrong(proof.credential, challenge, place.host, place.origin, door.public)
    elif not is_signed(SIGN_IN, door.public, raw(proof.signature), place.origin, challenge):
        raise DoorUnknown


def made(office: Office, new: NewDoor, staff_id: StaffId, place: Place) -> Door:
    """The door that a browser just made, whose secret it has shown to have. Raises `ChallengeGone`, `DoorMalformed`."""
    challenge, proof = office.challenges.take(new.proof.challenge), new.proof
    if new.kind is Kind.PASSKEY:
        credential, public = passkey.registered(proof.credential, challenge, place.host, place.origin)
    else:
        credential, public = b"", raw(proof.public)
        if not is_signed(SIGN_IN, public, raw(proof.signature), place.origin, challenge):
            raise DoorMalformed
    return door_of(new, office.clock.random_bytes(16), staff_id, credential, public, office.today)


def refuse_without_keys(public: bytes, signature: str, place: Place, challenge: str, about: bytes) -> None:
    """Raises `DoorMalformed` unless whoever asks has the signing key. It signs the door's own challenge, which is taken elsewhere."""
    try:
        signed = unb64(challenge)
    except ValueError as error:
        raise DoorMalformed from error
    if not is_signed(HOLD_KEYS, public, raw(signature), place.origin, signed, about):
        raise DoorMalformed
