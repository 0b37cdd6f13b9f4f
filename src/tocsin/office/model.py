"""What a browser sends to this room, as frozen structs. Texts that hold bytes are base64url without padding."""

from typing import Any

import msgspec

from tocsin.errors import TocsinError
from tocsin.ids import unb64
from tocsin.people.doors import Door, DoorMalformed, Kind
from tocsin.people.staff import StaffId


class BodyMalformed(TocsinError):
    code = "body_malformed"
    status = 400
    message = "The node could not read what the page sent. Reload the page and try again; nothing was changed."


class Place(msgspec.Struct, frozen=True):
    """Where the asking page is: its origin (scheme, host, port) and host alone, which is WebAuthn's RP id."""

    origin: str
    host: str


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """That somebody has the secret of a door: a signature over a challenge, or WebAuthn's credential about it."""

    challenge: str
    public: str = ""
    signature: str = ""
    credential: dict[str, Any] = {}


class NewDoor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A door as the browser made it. A passkey's id and public key are read from its credential."""

    kind: Kind
    sealed: str
    proof: Proof
    salt: str = ""


class Join(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody accepts. `keys_signature`: of the signing key, over the challenge and both public keys."""

    secret: str
    recipient: str
    signing_key: str
    keys_signature: str
    door: NewDoor


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kind: Kind
    proof: Proof
    pseudonym: str = ""
    """With a passphrase only."""


class AddDoor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Another way in. `keys_signature`: of the signing key, so that a stolen cookie alone adds nothing."""

    keys_signature: str
    door: NewDoor


class Secret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    secret: str


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pseudonym: str


class HandedIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`signed`: a statement with one signature or two, canonical JSON."""

    signed: str


class Leave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    everywhere: bool = False


def raw(text: str, most: int = 4096) -> bytes:
    """Raises `DoorMalformed`."""
    try:
        found = unb64(text)
    except ValueError as error:
        raise DoorMalformed from error
    if len(found) > most:
        raise DoorMalformed
    return found


def door_of(new: NewDoor, door_id: bytes, staff_id: StaffId, credential: bytes, public: bytes, day: int) -> Door:
    return Door(door_id, staff_id, new.kind, credential, public, raw(new.salt), raw(new.sealed), day)
