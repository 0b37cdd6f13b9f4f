"""The node as a process, spoken to from outside: what it keeps on disk, and what its neighbours sign."""

import base64
import fnmatch
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from tests.encounters.phone import Phone
from tests.journeys.conftest import Running
from tests.rules.test_inventory import INVENTORY, rows
from tests.waiting import wait_until
from tocsin.cli import main
from tocsin.clock import SystemClock
from tocsin.ids import b64


@pytest.fixture
def client(town: Running) -> Iterator[httpx.Client]:
    with client_of_town(town) as client:
        yield client


def client_of_town(town: Running) -> httpx.Client:
    return httpx.Client(base_url=town.url, trust_env=False, timeout=60)


def record(client: httpx.Client, seconds: int, recipients: Sequence[str] = ()) -> tuple[Phone, list[str]]:
    """A stopped recording of a phone that speaks HTTP, and its receipts."""
    phone = Phone(client.get("/client-config").json()["share_recipient"], list(recipients))
    client.post("/encounters", content=phone.start_json()).raise_for_status()
    receipts = []
    for number in range(seconds + 1):
        answer = client.put(
            f"/encounters/{b64(phone.id)}/chunks/{number}",
            content=phone.second(final=number == seconds),
            headers={"Authorization": f"Tocsin {b64(phone.upload)}", "Content-Type": "application/octet-stream"},
        )
        answer.raise_for_status()
        receipts.append(answer.text)
    return phone, receipts


def lawyers_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Entries of the roll that are about the desk."""
    return [one for one in answer["roll"] if b'"act":"desk-add"' in base64.b64decode(one["entry"])]


def is_off_the_desk(answer: dict[str, Any]) -> bool:
    """Whether an entry of the roll takes somebody off it."""
    return any(b'"act":"desk-remove"' in base64.b64decode(one["entry"]) for one in answer["roll"])


def desk_counts(client: httpx.Client) -> bool:
    """Whether a phone that asks now takes the sample lawyer's key: the wait runs from the time of an outside cosignature."""
    wait_s = client.get("/client-config").json()["desk_wait_s"]
    standing = [key["since"]["checkpoint"] for key in lawyers_of(client.get("/desk-keys").json()) if key["since"]]
    signatures = re.findall(r"^— demo\.invalid/witness-\S+ (\S+)$", "\n".join(standing), flags=re.MULTILINE)
    # C2SP tlog-cosignature: key id, then the time (Unix s), then the signature.
    times = [int.from_bytes(base64.b64decode(signature)[4:12]) for signature in signatures]
    return bool(times) and SystemClock().now_ms() / 1000 > max(times) + wait_s


def test_every_second_is_answered_with_a_receipt_that_names_a_beat(client: httpx.Client) -> None:
    phone, receipts = record(client, 3)
    for number, receipt in enumerate(receipts):
        lines = receipt.splitlines()
        assert lines[:3] == ["tocsin.receipt/v1", b64(phone.id), str(number)]
        assert int(lines[5]) * 1000 > int(lines[4]), "the promised beat lies ahead"


def test_both_witnesses_and_the_authority_sign_the_beat(client: httpx.Client) -> None:
    def signed() -> str:
        note = client.get("/log/checkpoint").text
        size = note.splitlines()[1] if note.count("\n") > 2 else "0"
        tokens = client.get(f"/log/timestamps/{size}")
        # Each witness signs twice: Ed25519 and ML-DSA-44.
        enough = note.count("— demo.invalid/witness-") == 4
        return note if enough and tokens.status_code == 200 and tokens.json()["tokens"] else ""

    assert wait_until(signed, 60)


def test_the_sample_desk_is_proven_and_its_wait_is_said(client: httpx.Client, town: Running) -> None:
    def standing() -> dict[str, object] | None:
        answer = client.get("/desk-keys").json()
        return next((key for key in lawyers_of(answer) if key["since"]), None)

    key = wait_until(standing, 60)
    assert key is not None
    said = base64.b64decode(str(key["entry"]))
    recipient = re.findall(r"age1[a-z0-9]+", town.town.desk_identity.read_text())[0]
    assert recipient.encode() in said
    config = client.get("/client-config").json()
    assert (config["sample"], config["desk_wait_s"]) == (True, 10)


def test_what_the_town_serves_is_what_its_log_names(client: httpx.Client, town: Running) -> None:
    key = client.get("/client-config").json()["log"]
    ran = CliRunner().invoke(main, ["log", "served", town.town.url, "--key", key])
    assert ran.exit_code == 0, ran.output
    assert f"client {client.get('/client-config').json()['build']}" in ran.output


def test_nothing_is_on_the_disk_that_the_inventory_does_not_name(client: httpx.Client, town: Running) -> None:
    record(client, 2)
    named = [name.removeprefix("folder/") for name in rows(INVENTORY.read_text()) if name.startswith("folder/")]
    found = [str(path) for path in below(town.town.folder / "node")]
    unnamed = [path for path in found if not any(fnmatch.fnmatch(path, name) for name in named)]
    assert "tocsin.sqlite" in found
    assert not unnamed


def below(folder: Path) -> list[Path]:
    """Files of a folder, named from it."""
    return [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
