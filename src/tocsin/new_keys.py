"""Make a node's own keys: once, before it first starts."""

import json
from base64 import b64encode
from pathlib import Path

from tocsin.clock import Clock
from tocsin.crypto import envelope
from tocsin.crypto.keys import SigningKey
from tocsin.crypto.profiles import KEY_BYTES
from tocsin.evidence.receipt import ReceiptSigner
from tocsin.own_keys import CITY_KEY, LOG_KEY, PUBLISHED, RECEIPT_KEY, SHARE_KEY, open_custody, read_published
from tocsin.settings import Settings
from tocsin.store import disk
from tocsin.store.key_custody import KeyCustody
from tocsin.tlog import note as notes
from tocsin.tlog.note import VerifierKey


def make(settings: Settings, passphrase: str | None, clock: Clock) -> None:
    """Make log, share, receipt and city keys, and write their public halves. Raises `KeyExists` when this node has them all.

    A node that is older than the city key gets that one alone: an old log key is never replaced.
    The receipt key is unattended whatever the settings say: seconds must be acknowledged right after a reboot, and who steals it
    can only promise what the log then fails to show.
    """
    place = Path(settings.folder)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    custody = open_custody(settings)
    if (place / PUBLISHED).exists():
        _publish(place, read_published(settings) | {"city": _city(custody, passphrase, clock)})
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
        "city": _city(custody, passphrase, clock),
    }
    _publish(place, published)


def _city(custody: KeyCustody, passphrase: str | None, clock: Clock) -> str:
    """A fresh city key; its public half, base64. Raises `KeyExists`."""
    key = SigningKey(clock.random_bytes(KEY_BYTES))
    custody.create(CITY_KEY, key.seed, passphrase)
    return b64encode(key.public).decode()


def _publish(place: Path, published: dict[str, str]) -> None:
    disk.write_new_file(place / PUBLISHED, [json.dumps(published, indent=1).encode()])
