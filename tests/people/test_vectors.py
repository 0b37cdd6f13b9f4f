"""Statements as docs/spec/stewards.md says, computed here from the page alone and compared with the known answers and the program."""

import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tocsin.crypto import canonical
from tocsin.people import retention, statement
from tocsin.people.steward_keys import Steward
from tocsin.tlog import entry as entries
from tocsin.tlog.public import Standing

VECTORS = Path(__file__).parents[2] / "vectors" / "stewards"


def vector(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text())
    return found


def signature(seed: str, label: str, text: str) -> dict[str, str]:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    signed = key.sign(f"tocsin.steward/v1 {label}\n{text}".encode())
    public = key.public_key().public_bytes_raw()
    return {"key": b64encode(public).decode(), "signature": b64encode(signed).decode()}


def public_of(seed: str) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed)).public_key().public_bytes_raw()


def hashed(label: str, text: str) -> str:
    return sha256(f"tocsin.steward/v1 {label}\n{text}".encode()).hexdigest()


@pytest.mark.parametrize("name", ["hold", "retention"])
def test_the_page_and_the_known_answers_agree(name: str) -> None:
    one = vector(name)
    text = one["statement"]
    assert json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False) == text
    signed = {
        "signatures": [
            signature(seed, label, text) for seed, label in zip(one["seeds"], ("propose", "confirm"), strict=True)
        ],
        "statement": json.loads(text),
    }
    assert json.dumps(signed, sort_keys=True, separators=(",", ":")) == one["signed"]
    assert hashed("statement", text) == one["digest"]
    assert hashed("step", one["signed"]) == one["step"]
    ids = [sha256(b"tocsin.steward/v1 key\n" + public_of(seed)).hexdigest()[:16] for seed in one["seeds"]]
    assert ids == one["ids"]


@pytest.mark.parametrize("name", ["hold", "retention"])
def test_the_program_and_the_known_answers_agree(name: str) -> None:
    one = vector(name)
    found = statement.read(one["signed"].encode())
    assert (found.statement.raw.decode(), found.statement.digest.hex(), found.step.hex()) == (
        one["statement"], one["digest"], one["step"],
    )  # fmt: skip
    keys = {public_of(seed): Steward(public_of(seed), name, 0) for seed, name in zip(one["seeds"], "AB", strict=True)}
    who = statement.check(found, keys, "sample.example/log", found.statement.day)
    assert [steward.name for steward in who] == ["A", "B"]


def test_a_table_stands_in_the_log_under_the_city_key() -> None:
    one = vector("retention")
    body = {"city": signature(one["city_seed"], "city", one["statement"]), **json.loads(one["signed"])}
    assert json.dumps(body, sort_keys=True, separators=(",", ":")) == one["entry"]
    keys = {public_of(seed): Steward(public_of(seed), name, 0) for seed, name in zip(one["seeds"], "AB", strict=True)}
    city, classes, node = public_of(one["city_seed"]), ("encounter", "import", "rehearsal"), "sample.example/log"
    pack = retention.first({"encounter": 30, "import": 30, "rehearsal": 1}, node, 20_000, "x" * 43)
    first = canonical.dumps(
        {
            "city": signature(one["city_seed"], "city", pack.statement.raw.decode()),
            "signatures": [],
            "statement": json.loads(pack.statement.raw),
        }
    )
    standing = [
        Standing(entries.RETENTION + raw, leaf, leaf + 1, None, 60 * leaf)
        for leaf, raw in enumerate((first, one["entry"].encode()))
    ]
    assert [table.number for table in retention.read(standing, city, keys, node, classes)] == [1, 2]
