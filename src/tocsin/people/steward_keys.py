"""Stewards' signing keys: an Ed25519 key each, its public half in the log, its secret half with the steward and never on a node.

The key file is PEM (PKCS #8), sealed under a pass phrase (age, scrypt) unless its owner asks otherwise. A key counts here `wait`
seconds after the beat that took it into the log, so that whoever runs the machine cannot make two stewards of a night's notice
(rule 16). Removing one needs no wait.
"""

import base64
import os
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from tocsin.clock import Clock
from tocsin.crypto import canonical, envelope
from tocsin.crypto.keys import SigningKey
from tocsin.crypto.profiles import KEY_BYTES
from tocsin.errors import TocsinError
from tocsin.tlog import entry as entries
from tocsin.tlog.public import Standing

KIND = "steward-key"
OWNER_ONLY = 0o600
LONGEST_NAME = 40
ID_LABEL = b"tocsin.steward/v1 key\n"


class StewardKeyMalformed(TocsinError):
    code = "steward_key_malformed"
    status = 400
    message = (
        "This is not a steward's public key with a pseudonym of at most 40 letters. `tocsin steward new` prints one."
    )


class StewardKeyUnreadable(TocsinError):
    code = "steward_key_unreadable"
    status = 400
    message = "This file holds no steward's key, or the pass phrase is not its own. Make one with `tocsin steward new`."


class Steward(msgspec.Struct, frozen=True):
    """A steward as the log shows them: a public key and a pseudonym. `counts_from`: Unix seconds."""

    key: bytes
    name: str
    counts_from: int


def body(act: str, key: str, name: str, not_before_s: int) -> dict[str, object]:
    """The JSON of a steward-key entry; `key` is base64. Raises `StewardKeyMalformed`."""
    _public(key)
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise StewardKeyMalformed
    return {"act": act, "key": key, "name": name, "not_before": not_before_s}


def key_id(public: bytes) -> str:
    """How a steward is named where a whole key is too long: 16 hex digits."""
    return sha256(ID_LABEL + public).hexdigest()[:16]


def listed(found: Iterable[Standing], wait_s: int, *, with_removed: bool = False) -> dict[bytes, Steward]:
    """Every steward whose key stands in the log; by key. Those who were removed after only `with_removed`."""
    stewards: dict[bytes, Steward] = {}
    for standing in sorted(found, key=lambda one: one.leaf):
        said = canonical.loads(standing.entry.removeprefix(entries.STEWARD_KEY))
        match said:
            case {"act": "add", "key": str(key), "name": str(name), "not_before": int(not_before)}:
                public = _public(key)
                stewards[public] = Steward(public, name, max(not_before, standing.beat + wait_s))
            case {"act": "remove", "key": str(key)} if not with_removed:
                stewards.pop(_public(key), None)
    return stewards


def counting(stewards: Mapping[bytes, Steward], now_s: int) -> dict[bytes, Steward]:
    """Those whose signature counts at `now_s`."""
    return {key: steward for key, steward in stewards.items() if steward.counts_from <= now_s}


def make_key(path: Path, passphrase: str | None, clock: Clock) -> SigningKey:
    """A fresh key in a new file that only its owner can read. `passphrase` None: in clear. Raises `FileExistsError`."""
    seed = clock.random_bytes(KEY_BYTES)
    pem = Ed25519PrivateKey.from_private_bytes(seed).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
        file.write(pem if passphrase is None else envelope.seal_under(passphrase, pem))
    return SigningKey(seed)


def is_sealed(path: Path) -> bool:
    """Whether a key file wants a pass phrase."""
    with path.open("rb") as file:
        return file.read(len(envelope.FIRST_LINE)) == envelope.FIRST_LINE


def read_key(path: Path, passphrase: str | None) -> SigningKey:
    """Raises `StewardKeyUnreadable`."""
    raw = path.read_bytes()
    try:
        pem = raw if passphrase is None else envelope.open_under(passphrase, raw)
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, envelope.EnvelopeNotForUs) as error:
        raise StewardKeyUnreadable from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StewardKeyUnreadable
    return SigningKey(key.private_bytes_raw())


def spelled(public: bytes) -> str:
    """A public key as commands and the log write it."""
    return base64.b64encode(public).decode()


def _public(key: str) -> bytes:
    try:
        raw = base64.b64decode(key, validate=True)
    except ValueError as error:
        raise StewardKeyMalformed from error
    if len(raw) != KEY_BYTES or spelled(raw) != key:
        raise StewardKeyMalformed
    return raw
