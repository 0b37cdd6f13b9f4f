"""Writes vectors/staff: `python -m tests.office.make_vectors`. Same bytes each time."""

import json
from pathlib import Path
from typing import Any

from tests.crypto.counted_clock import CountedClock
from tests.office.fake_browser import proving, seal, stretch, stretch_words
from tocsin.crypto import envelope
from tocsin.crypto.keys import SigningKey
from tocsin.people.staff import Role, Staff, StaffId, commitment

FOLDER = Path(__file__).parents[2] / "vectors" / "staff"
PASSPHRASE = "Ærø ferry, 3 crows & a kettle"
WORDS = ["ability", "able", "aboard", "above", "abroad", "absence", "absolute"]


def main() -> None:
    clock = CountedClock(b"staff")
    staff_id, keys, salt = clock.random_bytes(16), clock.random_bytes(64), clock.random_bytes(16)
    secrets = {
        "passkey": clock.random_bytes(32),
        "passphrase": stretch(PASSPHRASE, salt),
        "sheet": stretch_words(WORDS),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, secret in secrets.items():
        nonce = clock.random_bytes(12)
        told: dict[str, Any] = {
            "staff": staff_id.hex(),
            "secret": secret.hex(),
            "keys": keys.hex(),
            "nonce": nonce.hex(),
            "sealed": seal(secret, staff_id, keys, nonce).hex(),
            "proving": proving(secret).public.hex(),
            "identity": envelope.identity_of(keys[:32]),
            "recipient": envelope.recipient_of(envelope.identity_of(keys[:32])),
            "signing": SigningKey(keys[32:]).public.hex(),
        }
        told |= {"passphrase": PASSPHRASE, "salt": salt.hex()} if name == "passphrase" else {}
        told |= {"words": WORDS} if name == "sheet" else {}
        write(name, told)
    person = Staff(
        StaffId(staff_id),
        "Wren",
        frozenset({Role.STEWARD, Role.LAWYER}),
        envelope.recipient_of(envelope.identity_of(keys[:32])),
        SigningKey(keys[32:]).public,
    )
    log_salt = clock.random_bytes(32)
    write(
        "commitment",
        {
            "pseudonym": person.pseudonym,
            "roles": ["lawyer", "steward"],
            "recipient": person.recipient,
            "signing": person.signing_key.hex(),
            "salt": log_salt.hex(),
            "commitment": commitment(person, log_salt).hex(),
        },
    )


def write(name: str, told: dict[str, Any]) -> None:
    (FOLDER / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
