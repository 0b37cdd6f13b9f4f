"""A browser's part in Python, written from docs/spec/staff.md: a second implementation that the pages' own is held to."""

from dataclasses import dataclass, field
from hashlib import sha256

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.crypto.counted_clock import CountedClock
from tocsin.clock import Clock
from tocsin.crypto import envelope
from tocsin.crypto.hkdf import hkdf
from tocsin.crypto.keys import SigningKey
from tocsin.ids import b64, unb64
from tocsin.office.model import AddDoor, Join, NewDoor, Place, Proof, SignIn
from tocsin.people.doors import Kind

LABEL = b"tocsin.staff/v1 "
PLACE = Place("https://node.example", "node.example")
CLOCK: Clock = CountedClock()


def stretch(passphrase: str, salt: bytes) -> bytes:
    return hash_secret_raw(
        passphrase.encode(), salt, time_cost=3, memory_cost=64 * 1024, parallelism=1, hash_len=32, type=Type.ID
    )


def stretch_words(words: list[str]) -> bytes:
    return stretch(" ".join(words), sha256(LABEL + b"sheet").digest()[:16])


def seal(secret: bytes, staff_id: bytes, keys: bytes, nonce: bytes) -> bytes:
    key = hkdf(secret, salt=staff_id, info=LABEL + b"seal", length=32)
    return b"\x01" + nonce + AESGCM(key).encrypt(nonce, keys, LABEL + b"identity\n" + staff_id)


def unseal(secret: bytes, staff_id: bytes, sealed: bytes) -> bytes:
    key = hkdf(secret, salt=staff_id, info=LABEL + b"seal", length=32)
    return AESGCM(key).decrypt(sealed[1:13], sealed[13:], LABEL + b"identity\n" + staff_id)


def proving(secret: bytes) -> SigningKey:
    return SigningKey(hkdf(secret, salt=b"", info=LABEL + b"sign-in", length=32))


@dataclass
class Browser:
    """Somebody's two keys, and how they prove. `secret` stands for a stretched passphrase or sheet."""

    secret: bytes = field(default_factory=lambda: CLOCK.random_bytes(32))
    identity: bytes = field(default_factory=lambda: CLOCK.random_bytes(32))
    signing: SigningKey = field(default_factory=lambda: SigningKey(CLOCK.random_bytes(32)))
    place: Place = PLACE

    @property
    def recipient(self) -> str:
        return envelope.recipient_of(envelope.identity_of(self.identity))

    def join(self, invitation: str, staff_id: bytes, challenge: str) -> Join:
        about = b"\n" + self.recipient.encode() + b"\n" + self.signing.public
        return Join(
            secret=invitation,
            recipient=self.recipient,
            signing_key=b64(self.signing.public),
            keys_signature=self.keys_signature(challenge, about),
            door=self.door(staff_id, challenge, self.secret),
        )

    def door(self, staff_id: bytes, challenge: str, secret: bytes, kind: Kind = Kind.PASSPHRASE) -> NewDoor:
        sealed = seal(secret, staff_id, self.identity + self.signing.seed, CLOCK.random_bytes(12))
        salt = b64(CLOCK.random_bytes(16)) if kind is Kind.PASSPHRASE else ""
        return NewDoor(kind=kind, sealed=b64(sealed), proof=self.proof(challenge, secret), salt=salt)

    def add_door(self, staff_id: bytes, challenge: str, secret: bytes, kind: Kind) -> AddDoor:
        door = self.door(staff_id, challenge, secret, kind)
        return AddDoor(keys_signature=self.keys_signature(challenge, b"\n" + unb64(door.sealed)), door=door)

    def sign_in(self, challenge: str, pseudonym: str = "", kind: Kind = Kind.PASSPHRASE, secret: bytes = b"") -> SignIn:
        return SignIn(kind=kind, proof=self.proof(challenge, secret or self.secret), pseudonym=pseudonym)

    def proof(self, challenge: str, secret: bytes) -> Proof:
        key = proving(secret)
        said = LABEL + b"sign-in\n" + self.place.origin.encode() + b"\n" + unb64(challenge)
        return Proof(challenge=challenge, public=b64(key.public), signature=b64(key.sign(said)))

    def keys_signature(self, challenge: str, about: bytes) -> str:
        said = LABEL + b"keys\n" + self.place.origin.encode() + b"\n" + unb64(challenge) + about
        return b64(self.signing.sign(said))
