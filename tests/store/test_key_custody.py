"""Keys across restart and reboot: what needs a person and what does not."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pyrage  # type: ignore[import-untyped]  # the wheel ships no types
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.store import mounts
from tocsin.store.key_custody import (
    KeyCustody,
    KeyDamaged,
    KeyExists,
    KeyLocked,
    KeyState,
    KeyUnknown,
    PassphraseWrong,
    RuntimeDirectoryUnsafe,
)

SECRET = bytes(range(32))
Start = Callable[..., KeyCustody]


class Quick:
    """In place of age's pass phrases, which take a second each: the same promises to a caller."""

    @staticmethod
    def encrypt(plaintext: bytes, passphrase: str) -> bytes:
        return AESGCM(sha256(passphrase.encode()).digest()).encrypt(bytes(12), plaintext, None)

    @staticmethod
    def decrypt(sealed: bytes, passphrase: str) -> bytes:
        try:
            return AESGCM(sha256(passphrase.encode()).digest()).decrypt(bytes(12), sealed, None)
        except InvalidTag as error:
            raise pyrage.DecryptError from error


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """For every test but two."""
    if request.function not in {test_a_reboot_needs_a_person, test_the_key_is_nowhere_on_the_disk_in_clear}:
        monkeypatch.setattr(pyrage, "passphrase", Quick)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Starts a process of the node: same disk, same memory, the boot it is told."""
    monkeypatch.setattr(mounts, "is_in_memory", lambda _path: True)

    def start(boot: bytes = b"boot-1") -> KeyCustody:
        return KeyCustody.open(tmp_path / "keys", tmp_path / "run", boot=boot)

    return start


def reboot(tmp_path: Path) -> None:
    for path in (tmp_path / "run").iterdir():
        path.unlink()


def test_an_unattended_key_needs_nobody(start: Start, tmp_path: Path) -> None:
    start().create("receipt", SECRET, None)
    reboot_free = start(b"boot-2")
    assert reboot_free.get("receipt") == SECRET
    assert reboot_free.state() == (KeyState("receipt", "unattended", is_unlocked=True, reason=""),)
    assert (tmp_path / "keys" / "receipt.key").stat().st_mode & 0o777 == 0o600


def test_a_restart_needs_nobody(start: Start) -> None:
    start().create("log", SECRET, "seven plain words")
    assert start().get("log") == SECRET


def test_a_reboot_needs_a_person(start: Start, tmp_path: Path) -> None:
    start().create("log", SECRET, "seven plain words")
    reboot(tmp_path)
    node = start(b"boot-2")
    with pytest.raises(KeyLocked) as refused:
        node.get("log")
    assert refused.value.fields == {"key": "log", "reason": "reboot", "retry_after": 60}
    with pytest.raises(PassphraseWrong):
        node.unlock("something else")
    assert node.unlock("seven plain words") == ("log",)
    assert start(b"boot-2").get("log") == SECRET


def test_a_lost_runtime_directory_is_told_from_a_reboot(start: Start, tmp_path: Path) -> None:
    start().create("log", SECRET, "p")
    reboot(tmp_path)
    assert start().state() == (KeyState("log", "passphrase", is_unlocked=False, reason="restart"),)


def test_a_copy_of_an_earlier_boot_is_not_taken(start: Start, tmp_path: Path) -> None:
    start().create("log", SECRET, "p")
    assert start(b"boot-2").state()[0].reason == "reboot"
    assert not list((tmp_path / "run").iterdir())


def test_a_key_restored_from_a_copy_was_never_unlocked_here(start: Start, tmp_path: Path) -> None:
    start().create("log", SECRET, "p")
    reboot(tmp_path)
    (tmp_path / "keys" / "log.boot").unlink()
    assert start().state()[0].reason == "first"


def test_locking_forgets_the_copy(start: Start, tmp_path: Path) -> None:
    node = start()
    node.create("log", SECRET, "p")
    node.lock()
    assert not list((tmp_path / "run").iterdir())
    with pytest.raises(KeyLocked):
        node.get("log")


def test_the_key_is_nowhere_on_the_disk_in_clear(start: Start, tmp_path: Path) -> None:
    start().create("log", SECRET, "p")
    assert all(SECRET not in path.read_bytes() for path in (tmp_path / "keys").iterdir())


def test_the_passphrase_can_change(start: Start, tmp_path: Path) -> None:
    node = start()
    node.create("log", SECRET, "old")
    with pytest.raises(PassphraseWrong):
        node.change_passphrase("wrong", "new")
    node.change_passphrase("old", "new")
    reboot(tmp_path)
    with pytest.raises(PassphraseWrong):
        node.unlock("old")
    assert node.unlock("new") == ("log",)
    assert node.unlock("anything, nothing is locked") == ()


def test_a_key_is_never_replaced(start: Start) -> None:
    node = start()
    node.create("log", SECRET, None)
    with pytest.raises(KeyExists):
        node.create("log", bytes(32), "p")
    assert node.get("log") == SECRET


def test_what_was_never_made_is_unknown(start: Start) -> None:
    with pytest.raises(KeyUnknown):
        start().get("city")
    with pytest.raises(ValueError, match="key name"):
        start().get("../log")


def test_a_damaged_key_is_refused(start: Start, tmp_path: Path) -> None:
    node = start()
    node.create("log", SECRET, None)
    file = tmp_path / "keys" / "log.key"
    whole = file.read_bytes()
    for raw in (whole[:-1], b"", b"\xff" + whole[1:]):
        file.write_bytes(raw)
        with pytest.raises(KeyDamaged):
            node.get("log")


@pytest.mark.parametrize("wrong", ["on a disk", "readable by others"])
def test_an_unsafe_runtime_directory_is_refused(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    if wrong == "on a disk":
        monkeypatch.setattr(mounts, "is_in_memory", lambda _path: False)
    else:
        (tmp_path / "run").mkdir(mode=0o755)
        (tmp_path / "run").chmod(0o755)
    with pytest.raises(RuntimeDirectoryUnsafe):
        start().create("log", SECRET, "p")
    assert start().state() == ()
