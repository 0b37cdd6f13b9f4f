"""Make a node's own keys: once, before it first starts."""

import json
from pathlib import Path

from tocsin.clock import Clock
from tocsin.crypto import envelope
from tocsin.crypto.keys import SigningKey
from tocsin.crypto.profiles import KEY_BYTES
from tocsin.evidence.receipt import ReceiptSigner
from tocsin.node import LOG_KEY, PUBLISHED, RECEIPT_KEY, SHARE_KEY, open_custody
from tocsin.settings import Settings
from tocsin.store import disk
from tocsin.tlog import note as notes
from tocsin.tlog.note import VerifierKey


def make(settings: Settings, passphrase: str | None, clock: Clock) -> None:
    """Make log, share and receipt keys, and write their public halves. Raises `KeyExists` when this node has keys.

    The receipt key is unattended whatever the settings say: seconds must be acknowledged right after a reboot, and who steals it
    can only promise what the log then fails to show.
    """
    place = Path(settings.folder)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    custody = open_custody(settings)
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
    disk.write_new_file(place / PUBLISHED, [json.dumps(published, indent=1).encode()])
