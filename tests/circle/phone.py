"""Phones of a circle by hand, written from `docs/spec/circle.md`: who made it, who is in it, who has the code words."""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.deliver.services import Browser
from tocsin.clock import SystemClock
from tocsin.ids import b64, unb64

CLOCK = SystemClock()
PLACES = 15
EVERYTHING = b64(bytes(16))


def derive(secret: bytes, use: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, None, b"tocsin.circle/v1 " + use.encode()).derive(secret)


def seal(key: bytes, plain: bytes, about: bytes) -> bytes:
    nonce = CLOCK.random_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, plain, about)


def open_box(key: bytes, box: bytes, about: bytes) -> bytes | None:
    try:
        return AESGCM(key).decrypt(box[:12], box[12:], about)
    except InvalidTag:
        return None


def framed(text: bytes, length: int) -> bytes:
    return (len(text).to_bytes(2) + text).ljust(length, b"\0")


def raw_public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def door_number(secret: bytes) -> bytes:
    return sha256(derive(secret, "name")).digest()


def place_name(link: bytes) -> bytes:
    return derive(derive(link, "share"), "place")


def place_number(link: bytes) -> bytes:
    return sha256(place_name(link)).digest()


def door_box(secret: bytes, kind: int, links: list[bytes], tail: bytes) -> bytes:
    plain = bytes([kind]) + b"".join(derive(link, "share") for link in links) + tail.ljust(128, b"\0")
    return seal(derive(secret, "box"), plain, door_number(secret))


def said(key: Ed25519PrivateKey, kind: str, number: str, at: int) -> dict[str, str]:
    text = json.dumps({"at": at, "kind": kind, "number": number, "v": 1}, separators=(",", ":"), sort_keys=True)
    return {"said": text, "signature": b64(key.sign(b"tocsin.circle/v1 said\n" + text.encode()))}


@dataclass
class Teller:
    """Who can tell a circle."""

    door: bytes = field(default_factory=lambda: CLOCK.random_bytes(32))
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def tell(self, kind: str = "tell", number: str = "", at: int = 0) -> dict[str, str]:
        """The body of `POST /circle/tell`."""
        number = number or b64(CLOCK.random_bytes(16))
        return {"door": b64(self.door), **said(self.key, kind, number, at or CLOCK.now_ms() // 1000)}


class Words(Teller):
    """Whoever has the code words: door and key are what they derive."""


@dataclass
class Owner(Teller):
    """The phone that made a circle."""

    links: list[bytes] = field(default_factory=lambda: [CLOCK.random_bytes(32) for _ in range(PLACES)])
    words: Words = field(default_factory=Words)

    @property
    def own(self) -> dict[str, str]:
        """The body of `POST /circle/look` and `end`."""
        return {"door": b64(self.door)}

    def doors(self) -> dict[str, dict[str, str]]:
        public = raw_public(self.words.key)
        certificate = public + self.key.sign(b"tocsin.circle/v1 words\n" + public)
        tail = derive(self.words.door, "name") + derive(self.words.door, "note")
        made = {"phone": (self.door, 1, tail), "words": (self.words.door, 2, certificate)}
        return {
            name: {"id": b64(door_number(secret)), "box": b64(door_box(secret, kind, self.links, told))}
            for name, (secret, kind, told) in made.items()
        }

    def letter(self, at: int, text: str, plan: str = "") -> str:
        link = self.links[at]
        told = json.dumps({"plan": plan, "text": text}).encode()
        return b64(seal(derive(link, "letter"), framed(told, 1252), place_number(link)))

    def begin(self, letters: dict[int, str] | None = None) -> dict[str, Any]:
        """The body of `POST /circle/begin`."""
        places = [
            {"id": b64(place_number(link)), "letter": self.letter(at, letters[at]) if letters and at in letters else ""}
            for at, link in enumerate(self.links)
        ]
        return {**self.doors(), "places": places}

    def change(self, places: dict[int, str]) -> dict[str, Any]:
        """The body of `POST /circle/change`: these places have these texts; an empty one is nobody's."""
        made = self.doors()
        told = [
            {"id": b64(place_number(self.links[at])), "letter": self.letter(at, text) if text else ""}
            for at, text in places.items()
        ]
        return {**self.own, "box": made["phone"]["box"], "words": made["words"], "places": told}

    def contact(self, at: int, origin: str) -> "Contact":
        """Whoever opens the link of this place."""
        return Contact(self.links[at], raw_public(self.key), f"{origin}/{b64(CLOCK.random_bytes(24))}")


@dataclass
class Contact:
    """Somebody who is in a circle."""

    link: bytes
    circle: bytes
    url: str
    browser: Browser = field(default_factory=Browser)

    def fill(self, *, leaves: bool = False) -> dict[str, str]:
        """The body of `POST /circle/place`."""
        told = self.browser.told(self.url)
        keys = {"p256dh": told.keys.p256dh, "auth": told.keys.auth}
        text = b"" if leaves else json.dumps({"endpoint": told.endpoint, "keys": keys}).encode()
        key = derive(derive(self.link, "share"), "endpoint")
        box = seal(key, framed(text, 720), place_number(self.link))
        return {"place": b64(place_name(self.link)), "box": b64(box)}

    def read(self, body: bytes) -> tuple[dict[str, Any], str, str] | None:
        """What was said, by which key, and the text; None for what this phone does not believe."""
        told = json.loads(self.browser.open(body))
        certificate, signer, by = unb64(told["cert"]), self.circle, "phone"
        try:
            if certificate:
                signer, by = certificate[:32], "words"
                verify(self.circle, certificate[32:], b"tocsin.circle/v1 words\n" + signer)
            verify(signer, unb64(told["sig"]), b"tocsin.circle/v1 said\n" + told["said"].encode())
        except InvalidSignature:
            return None
        plain = open_box(derive(self.link, "letter"), unb64(told["letter"]), place_number(self.link))
        text = "" if plain is None else json.loads(plain[2 : 2 + int.from_bytes(plain[:2])])["text"]
        return json.loads(told["said"]), by, text


def verify(key: bytes, signature: bytes, message: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
