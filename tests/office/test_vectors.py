"""Sealed keys and commitments as docs/spec/staff.md says, from the known answers that the pages' own code is held to as well."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.office.fake_browser import proving, seal, stretch, stretch_words, unseal
from tocsin.crypto import canonical

VECTORS = Path(__file__).parents[2] / "vectors" / "staff"


def vector(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text())
    return found


@pytest.mark.parametrize("name", ["passkey", "passphrase", "sheet"])
def test_sealed_keys_are_the_known_ones(name: str) -> None:
    told = vector(name)
    secret, staff_id, keys, nonce = (bytes.fromhex(told[one]) for one in ("secret", "staff", "keys", "nonce"))
    assert seal(secret, staff_id, keys, nonce).hex() == told["sealed"]
    assert unseal(secret, staff_id, bytes.fromhex(told["sealed"])) == keys
    assert proving(secret).public.hex() == told["proving"]


def test_the_stated_cost_of_a_guess_is_paid() -> None:
    """64 MiB and three passes: with less of either, another secret comes out."""
    told = vector("passphrase")
    assert stretch(told["passphrase"], bytes.fromhex(told["salt"])).hex() == told["secret"]
    assert stretch_words(vector("sheet")["words"]).hex() == vector("sheet")["secret"]


def test_a_commitment_is_the_known_one_and_needs_its_salt() -> None:
    told = vector("commitment")
    said = {"age": told["recipient"], "key": told["signing"], "name": told["pseudonym"], "roles": told["roles"]}
    raw = b"tocsin.staff/v1 key\n" + bytes.fromhex(told["salt"]) + canonical.dumps(said)
    assert sha256(raw).hexdigest() == told["commitment"]
