"""Stewards' signing keys: an Ed25519 key each, its public half in the log, its secret half with the steward and never on a node.

The key file is PEM (PKCS #8), sealed under a pass phrase (age, scrypt) unless its owner asks otherwise. Whose keys count is said by
the roll alone (`roll`): whoever runs the machine cannot make a steward.
"""

import base64
import os
from collections.abc import Iterable
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


class StewardKeyUnreadable(TocsinError):
    code = "steward_key_unreadable"
    status = 400
    message = "This file holds no steward's key, or the pass phrase is not its own. Make one with `tocsin steward new`."


class Steward(msgspec.Struct, frozen=True):
    """A steward as the log shows them: a public key and a pseudonym. `counts_from`: Unix seconds."""

    key: bytes
    name: str
    counts_from: int


def key_id(public: bytes) -> str:
    """How a steward is named where a whole key is too long: 16 hex digits."""
    return sha256(ID_LABEL + public).hexdigest()[:16]


def of_operators(found: Iterable[Standing]) -> dict[bytes, Steward]:
    """Stewards of logs before format 2, whom an operator named alone. Retention tables they signed still count; nothing else does."""
    stewards: dict[bytes, Steward] = {}
    for standing in found:
        if not standing.entry.startswith(entries.STEWARD_KEY):
            continue
        match canonical.loads(standing.entry.removeprefix(entries.STEWARD_KEY)):
            case {"act": "add", "key": str(key), "name": str(name)}:
                public = base64.b64decode(key)
                stewards[public] = Steward(public, name, 0)
    return stewards


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
