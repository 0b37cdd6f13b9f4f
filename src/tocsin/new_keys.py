"""Make a node's own keys: once, before it first starts."""

import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tocsin.clock import Clock
from tocsin.crypto import envelope
from tocsin.crypto.keys import SigningKey
from tocsin.crypto.profiles import KEY_BYTES
from tocsin.deliver import vapid
from tocsin.evidence.receipt import ReceiptSigner
from tocsin.own_keys import (
    CITY_KEY,
    EXERCISE_KEY,
    FEDIVERSE_KEY,
    LOG_KEY,
    PUBLISHED,
    PUSH_KEY,
    RECEIPT_KEY,
    SHARE_KEY,
    TEST_KEY,
    VAPID_KEY,
    open_custody,
    read_published,
)
from tocsin.settings import Settings
from tocsin.store import disk
from tocsin.store.key_custody import KeyCustody, KeyExists
from tocsin.tlog import note as notes
from tocsin.tlog.note import VerifierKey

RSA_BITS, RSA_EXPONENT = 2_048, 65_537
"""What Mastodon makes and checks."""


def make(settings: Settings, passphrase: str | None, clock: Clock) -> None:
    """Make the node's keys, and write their public halves. Raises `KeyExists` when this node has them all.

    A node that is older than some of them gets those alone: an old log key is never replaced.
    The receipt key is unattended whatever the settings say: seconds must be acknowledged right after a reboot, and who steals it
    can only promise what the log then fails to show.
    """
    place = Path(settings.folder)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    custody = open_custody(settings)
    if (place / PUBLISHED).exists():
        published = read_published(settings)
        made = _later(custody, published, passphrase, clock) | _abroad(custody, settings, published, passphrase)
        if not made:
            raise KeyExists
        _publish(place, published | made)
        return
    log, receipts = SigningKey(clock.random_bytes(KEY_BYTES)), SigningKey(clock.random_bytes(KEY_BYTES))
    identity, recipient = envelope.new_identity(clock)
    custody.create(LOG_KEY, log.seed, passphrase)
    custody.create(SHARE_KEY, identity.encode(), passphrase)
    custody.create(RECEIPT_KEY, receipts.seed, None)
    published = {
        "log": str(VerifierKey(settings.log_origin, notes.ED25519, log.public)),
        "receipts": ReceiptSigner(settings.log_origin, receipts).vkey,
        "share": recipient,
    }
    made = _later(custody, published, passphrase, clock) | _abroad(custody, settings, published, passphrase)
    _publish(place, published | made)


def _later(custody: KeyCustody, published: Mapping[str, str], passphrase: str | None, clock: Clock) -> dict[str, str]:
    """Keys that came after the first three, where they are missing; their public halves.

    The key that seals push subscriptions is never in clear on a disk: without a pass phrase it is drawn anew at each boot.
    """
    made: dict[str, str] = {}
    for name in (CITY_KEY, EXERCISE_KEY, TEST_KEY):
        if name not in published:
            key = SigningKey(clock.random_bytes(KEY_BYTES))
            custody.create(name, key.seed, passphrase)
            made[name] = b64encode(key.public).decode()
    if VAPID_KEY not in published:
        seed = clock.random_bytes(vapid.SEED_BYTES)
        custody.create(VAPID_KEY, seed, passphrase)
        made[VAPID_KEY] = vapid.Vapid(lambda: seed, "", clock).public
        if passphrase is not None:
            custody.create(PUSH_KEY, clock.random_bytes(KEY_BYTES), passphrase)
    return made


def _abroad(
    custody: KeyCustody, settings: Settings, published: Mapping[str, str], passphrase: str | None
) -> dict[str, str]:
    """The key of the city's actor, where the settings give it a name."""
    if not settings.fediverse_name or FEDIVERSE_KEY in published:
        return {}
    key = rsa.generate_private_key(RSA_EXPONENT, RSA_BITS)
    secret = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    custody.create(FEDIVERSE_KEY, secret, passphrase)
    return {FEDIVERSE_KEY: key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()}


def _publish(place: Path, published: dict[str, str]) -> None:
    disk.write_new_file(place / PUBLISHED, [json.dumps(published, indent=1).encode()])
