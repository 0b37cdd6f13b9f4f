"""Small age v1 files (C2SP age): a secret sealed to X25519 recipients.

`open_with` returns the plaintext or raises: `EnvelopeMalformed` for bytes that are no age file by our stricter reading of the header
(the library accepts two malformed headers), `EnvelopeNotForUs` when the identity is not among the recipients.
"""

import re
from collections.abc import Sequence

import pyrage  # type: ignore[import-untyped]  # the wheel ships no types

from tocsin.clock import Clock
from tocsin.crypto import bech32
from tocsin.crypto.profiles import KEY_BYTES
from tocsin.errors import TocsinError

RECIPIENT_PREFIX = "age"
IDENTITY_PREFIX = "age-secret-key-"
SEALED_LIMIT = 32 * 1024
"""An age file of ours holds 32 bytes for some dozens of recipients; nothing longer is parsed."""

FIRST_LINE = b"age-encryption.org/v1\n"

HEADER = re.compile(
    rb"age-encryption\.org/v1\n"
    rb"(?:-> [!-~]+(?: [!-~]+)*\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)+"
    rb"--- [A-Za-z0-9+/]{43}\n"
)


class EnvelopeMalformed(TocsinError):
    code = "envelope_malformed"
    status = 400
    message = "The sealed key is not an age file. Send it again from the page that made it."


class EnvelopeNotForUs(TocsinError):
    code = "envelope_not_for_us"
    status = 403
    message = "This identity is not one of the recipients. Use the identity that the recording was sealed to."


class RecipientMalformed(TocsinError):
    code = "recipient_malformed"
    status = 400
    message = "This is not an age X25519 recipient (age1...). Check the text and try again."


def seal_to(recipients: Sequence[str], plaintext: bytes) -> bytes:
    """An age file of `plaintext` for every one of `recipients` (`age1...`), at least one."""
    try:
        keys = [pyrage.x25519.Recipient.from_str(recipient) for recipient in recipients]
    except pyrage.RecipientError as error:
        raise RecipientMalformed from error
    return bytes(pyrage.encrypt(plaintext, keys))


def open_with(identity: str, sealed: bytes) -> bytes:
    """The plaintext of an age file, by an `AGE-SECRET-KEY-1...` identity."""
    check_shape(sealed)
    try:
        return bytes(pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(identity)]))
    except pyrage.DecryptError as error:
        raise EnvelopeNotForUs from error


def open_wraps(identity: str, wraps: bytes) -> bytes:
    """The recording key in `wraps` (`docs/spec/recording.md`): its first 32 bytes. The list of recipients may follow."""
    return open_with(identity, wraps)[:KEY_BYTES]


def seal_under(passphrase: str, plaintext: bytes) -> bytes:
    """An age file under a pass phrase (scrypt, about a second)."""
    return bytes(pyrage.passphrase.encrypt(plaintext, passphrase))


def open_under(passphrase: str, sealed: bytes) -> bytes:
    """Inverse of `seal_under`. Raises `EnvelopeNotForUs` for another pass phrase, or for what is no such file."""
    try:
        return bytes(pyrage.passphrase.decrypt(sealed, passphrase))
    except pyrage.DecryptError as error:
        raise EnvelopeNotForUs from error


def check_shape(sealed: bytes) -> None:
    """Raise `EnvelopeMalformed` unless `sealed` has the shape of a small age v1 file."""
    if len(sealed) > SEALED_LIMIT or HEADER.match(sealed) is None:
        raise EnvelopeMalformed


def new_identity(clock: Clock) -> tuple[str, str]:
    """A fresh identity and its recipient."""
    identity = identity_of(clock.random_bytes(KEY_BYTES))
    return identity, recipient_of(identity)


def identity_of(seed: bytes) -> str:
    """The age identity whose X25519 secret is the 32 bytes of `seed`."""
    return bech32.encode(IDENTITY_PREFIX, seed).upper()


def recipient_of(identity: str) -> str:
    """The recipient of an identity. Raises `RecipientMalformed` when it is none."""
    try:
        return str(pyrage.x25519.Identity.from_str(identity).to_public())
    except pyrage.IdentityError as error:
        raise RecipientMalformed from error
