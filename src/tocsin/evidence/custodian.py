"""A custodian's signing key in a file: PEM, PKCS #8, Ed25519, as `openssl genpkey -algorithm ed25519` makes it."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from tocsin.clock import Clock
from tocsin.crypto.keys import SigningKey
from tocsin.crypto.profiles import KEY_BYTES
from tocsin.errors import TocsinError

OWNER_ONLY = 0o600


class CustodianKeyUnreadable(TocsinError):
    code = "custodian_key_unreadable"
    status = 400
    message = "This file holds no Ed25519 key in PEM form without a passphrase. Make one with `tocsin custodian FILE`."


def read_key(path: Path) -> SigningKey:
    """Raises `CustodianKeyUnreadable`."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, OSError) as error:
        raise CustodianKeyUnreadable from error
    if not isinstance(key, Ed25519PrivateKey):
        raise CustodianKeyUnreadable
    return SigningKey(key.private_bytes_raw())


def make_key(path: Path, clock: Clock) -> SigningKey:
    """A fresh key in a new file that only its owner can read. Raises `FileExistsError`."""
    seed = clock.random_bytes(KEY_BYTES)
    pem = Ed25519PrivateKey.from_private_bytes(seed).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
        file.write(pem)
    return SigningKey(seed)
