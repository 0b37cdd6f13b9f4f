"""A passport in a browser's box, as its own page leaves it (docs/spec/passport.md), for pages that spend its tokens."""

import json
from base64 import b64encode

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from playwright.sync_api import Page

from tocsin.clock import SystemClock
from tocsin.crypto.hkdf import hkdf
from tocsin.crypto.profiles import WORDS_ARGON2_LANES, WORDS_ARGON2_MEMORY_KIB, WORDS_ARGON2_TIME
from tocsin.ids import b64
from tocsin.tlog.token_keys import epoch_of

PASSPHRASE = "seven herons stood by the old canal"
LABEL = b"tocsin.passport/v1 box"
INNER_BYTES = 24 * 1024
PUT = """raw => new Promise(done => { const opening = indexedDB.open('tocsin-passport', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('box');
  opening.onsuccess = () => { const act = opening.result.transaction('box', 'readwrite');
    act.objectStore('box').put(Uint8Array.from(atob(raw), one => one.charCodeAt(0)), 1);
    act.oncomplete = () => { opening.result.close(); done(true) } } })"""


def put_passport(page: Page, cohort: int, tokens: list[bytes]) -> None:
    """A confirmer's passport for the origin that `page` is on, open by `PASSPHRASE`."""
    clock = SystemClock()
    held = {
        "v": 1, "role": "confirmer", "cohort": cohort, "epoch": epoch_of(clock.now_ms() // 1000), "seed": b64(bytes(32)), "times": 0,
        "isNew": False, "tokens": {"confirmer": [b64(one) for one in tokens]}, "right": {"by": "admission", "proof": ""},
    }  # fmt: skip
    page.evaluate(PUT, b64encode(sealed(json.dumps(held), clock)).decode())


def sealed(text: str, clock: SystemClock) -> bytes:
    salt, nonce = clock.random_bytes(16), clock.random_bytes(12)
    secret = hash_secret_raw(
        PASSPHRASE.encode(), salt, time_cost=WORDS_ARGON2_TIME, memory_cost=WORDS_ARGON2_MEMORY_KIB, parallelism=WORDS_ARGON2_LANES,
        hash_len=32, type=Type.ID,
    )  # fmt: skip
    key = hkdf(secret, salt=salt, info=LABEL, length=32)
    return salt + nonce + AESGCM(key).encrypt(nonce, text.encode().ljust(INNER_BYTES), LABEL)
