"""`tocsin backup` and `tocsin restore` as they are typed."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.backup.test_contents import record
from tests.backup.test_drill import one_beat, settings_in, standing
from tests.backup.world import CLOCK, Vault
from tests.encounters.phone import Phone
from tocsin import new_keys
from tocsin.app import announced
from tocsin.cli import main
from tocsin.crypto import canonical
from tocsin.encounters.export import export
from tocsin.node import Node
from tocsin.settings import Settings, settings_of, toml_of


def tocsin(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A node that beat once; its settings beside it."""
    (tmp_path / "pack").mkdir()
    shipped = Path(__file__).parents[2] / "src" / "tocsin" / "jurisdictions" / "packs" / "minneapolis-sample"
    for path in shipped.iterdir():
        if path.is_file():
            (tmp_path / "pack" / path.name).write_bytes(path.read_bytes())
    settings = settings_in(tmp_path / "node", "city.example/log")
    told = {"folder": settings.folder, "log_origin": settings.log_origin, "keys": "unattended", "hotline": "555"}
    (tmp_path / "node.toml").write_text(toml_of({**told, "pack": str(tmp_path / "pack")}))
    new_keys.make(settings, None, CLOCK)
    with standing(settings) as node:
        asyncio.run(one_beat(node))
    return settings_of(tmp_path / "node.toml")


def test_a_node_is_backed_up_into_a_folder_and_put_back_with_its_pack(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "node.toml"
    missing = tocsin("--settings", file, "backup", tmp_path)
    assert (missing.exit_code, "backup_recipient_missing" in missing.output) == (1, True)
    recipient = json.loads(tocsin("identity", "-o", tmp_path / "key.txt").output)["recipient"]
    (tmp_path / "backups").mkdir()
    made = tocsin("--settings", file, "backup", tmp_path / "backups", "--to", recipient)
    assert made.exit_code == 0, made.output
    assert "Not in it: erase.keys, unlocked keys" in made.output
    (backup,) = (tmp_path / "backups").glob("tocsin-*Z.age")
    (tmp_path / "head").write_bytes((Path(settings.folder) / "log" / "checkpoint").read_bytes()[:-32])
    back = tocsin(
        "restore",
        backup,
        "--identity",
        tmp_path / "key.txt",
        "--folder",
        tmp_path / "new",
        "--checkpoint",
        tmp_path / "head",
    )
    assert back.exit_code == 0, back.output
    assert "Nothing outside is newer: no beat is missing." in back.output
    again = settings_of(tmp_path / "new" / "node.toml")
    assert (again.hotline, again.folder, again.pack) == ("555", str(tmp_path / "new"), str(tmp_path / "new" / "pack"))
    with standing(again) as node:
        asyncio.run(one_beat(node))
        assert node.log is not None
        assert node.log.size == 128


def test_a_file_without_an_identity_is_refused(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    said = tocsin("restore", tmp_path / "empty", "--identity", tmp_path / "empty", "--folder", tmp_path / "new")
    assert said.exit_code == 2
    assert "AGE-SECRET-KEY-1" in said.output
    assert not (tmp_path / "new").exists()


def test_what_was_fetched_is_proven_from_the_ended_log_when_the_node_is_gone(
    settings: Settings, tmp_path: Path
) -> None:
    """What remains after a loss: a recording that its owner fetched, and the log in a backup."""
    vault, phone_file = Vault(tmp_path / "vault"), tmp_path / "phone.txt"

    async def lived(node: Node) -> Phone:
        phone = await record(node, is_stopped=True)
        await node._queue_own_keys()  # as it does when it begins
        await one_beat(node)
        live = await node.encounters.live(phone.id)
        assert live is not None
        about = canonical.dumps({"announced": await announced(node)})
        parts = await export(node.encounters, live, "owner", {"node.json": about})
        (tmp_path / "recording.tocsin").write_bytes(b"".join(parts))
        return phone

    with standing(settings) as node:
        phone = asyncio.run(lived(node))
        trust = {"log": node.log_vkey, "witnesses": [], "timestamp_roots": [], "quorum": 1}
    phone_file.write_text(phone.identity)
    vault.make(settings)
    vault.restore(tmp_path / "new", new_log="city.example/second")
    (tmp_path / "trust.json").write_text(json.dumps(trust))
    log, package = tmp_path / "new" / "ended-log", tmp_path / "package.zip"
    made = tocsin("package", tmp_path / "recording.tocsin", "--identity", phone_file, "--log", log, "--output", package)
    assert made.exit_code == 0, made.output
    told = json.loads(tocsin("verify", package, "--trust", tmp_path / "trust.json", "--json").output)
    found = {step["name"]: step["status"] for step in told["steps"]}
    passed = {name for name, status in found.items() if status == "PASS"}
    assert passed >= {"chunks", "leaves", "consistency", "custody"}
    assert {found[name] for name in set(found) - passed} == {"MISSING"}  # nobody cosigned, stamped or signed it here
