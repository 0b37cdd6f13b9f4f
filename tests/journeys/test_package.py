"""From seconds sent to a package that proves itself, with nothing but the node's addresses and the program's commands."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx

from tests.journeys.conftest import Running
from tests.journeys.test_town import client_of_town, desk_counts, record
from tests.waiting import wait_until
from tocsin.crypto.stream import Reader
from tocsin.evidence.system_description import SYSTEM_FILES, system_files
from tocsin.ids import b64


def tocsin(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "tocsin", *arguments], capture_output=True, text=True, check=False)


def desk_recipient(town: Running) -> str:
    return str(re.findall(r"age1[a-z0-9]+", town.town.desk_identity.read_text())[0])


def is_covered(client: httpx.Client, recording: str, owner: dict[str, str], newest: int) -> bool:
    state = client.get(f"/encounters/{recording}/state", headers=owner).json()
    return bool(state["covered_seq"] >= newest and state["closed"] == "stopped")


def test_the_sample_lawyer_makes_a_package_that_a_stranger_accepts(town: Running, tmp_path: Path) -> None:
    sealed, package = tmp_path / "recording.tocsin", tmp_path / "package.zip"
    identity, custodian = str(town.town.desk_identity), str(town.town.desk_key)
    with client_of_town(town) as client:
        wait_until(lambda: desk_counts(client), 60)
        phone, receipts = record(client, 3, [desk_recipient(town)])
        owner = {"Authorization": f"Tocsin {b64(Reader(phone.rk, phone.writer.header).owner_secret)}"}
        wait_until(lambda: is_covered(client, b64(phone.id), owner, len(receipts) - 1), 60)
        timestamped = client.get("/log/checkpoint").text.splitlines()[1]
        wait_until(lambda: client.get(f"/log/timestamps/{timestamped}").json()["tokens"], 60)
        sealed.write_bytes(client.get(f"/encounters/{b64(phone.id)}/sealed", headers=owner).content)

    made = tocsin(
        *("package", str(sealed), "--identity", identity, "--log", town.url, "--custodian", custodian),
        *("--output", str(package)),
    )
    assert made.returncode == 0, made.stderr
    with zipfile.ZipFile(package) as opened:
        assert opened.read("log/receipts.txt").decode() == "".join(receipts)  # what the phone was given, byte for byte
        announced = {one["kind"] for one in json.loads(opened.read("log/announced.json"))}
        assert announced == {"receipt-key", "release"}
        assert {name: opened.read(f"system/{name}") for name in SYSTEM_FILES} == dict(system_files())
        ran = json.loads(opened.read("system/operation.json"))
        assert ran["beats"]["leaves"] >= 1
        assert [len(one["witnesses"]) for one in ran["clocks"] if one["beat"]] == [2] * ran["beats"]["leaves"]
    checked = tocsin("verify", str(package), "--trust", str(town.town.trust), "--json")
    report = json.loads(checked.stdout)
    assert {step["name"]: (step["status"], step["codes"]) for step in report["steps"] if step["status"] != "PASS"} == {}
    assert checked.returncode == 0
    assert any("the node's receipts" in fact and "stands in entry" in fact for fact in report["facts"])

    package.write_bytes(package.read_bytes().replace(b"sound and light", b"sound and night", 1))
    assert tocsin("verify", str(package), "--trust", str(town.town.trust)).returncode == 1
