"""The node's own secret keys: asleep on the disk, awake in memory, and honest about which.

Each key is kept in one of two ways, chosen when it is made:
* under a **passphrase**: an age file (scrypt) on the disk. Unlocking writes a copy into a memory-backed directory, so that a
  restarted process finds it without a person; a reboot empties memory, and a person has to come.
* **unattended**: in clear on the disk, for keys of little value that must work at once (receipts), or where the operator
  decides so and says it in the settings.

Promise: `get` gives the key or raises `KeyLocked`; it never waits and never asks. A key under a passphrase is never in clear
on a disk: a runtime directory that is not memory-backed, or that somebody else owns, is refused. `state` tells for each key
whether it is locked and why: "first" (never unlocked here), "reboot", or "restart" (same boot, but the copy is gone).
Residual: swap can carry memory to a disk; whoever seizes the running machine has the unlocked copies.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyrage  # type: ignore[import-untyped]  # the wheel ships no types

from tocsin.clock import Clock
from tocsin.errors import TocsinError
from tocsin.store import disk, mounts

Reason = Literal["", "first", "reboot", "restart"]
LABEL = b"tocsin.key/v1\n"
CHECK_BYTES = 32
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


class KeyLocked(TocsinError):
    """The key is under a passphrase and nobody has unlocked it since the reboot (or ever)."""

    code = "key_locked"
    status = 503
    message = "The node is waiting for its operator to unlock a key. Recordings are still received. Try again later."

    def __init__(self, name: str, reason: Reason) -> None:
        super().__init__(key=name, reason=reason, retry_after=60)


class KeyUnknown(TocsinError):
    """No key of this name was ever made here."""

    code = "key_unknown"
    status = 503
    message = "The node has no key of this name. Make it first."


class KeyExists(TocsinError):
    """There is a key of this name. It was not changed."""

    code = "key_exists"
    status = 409
    message = "There is a key of this name already. It was not changed."


class KeyDamaged(TocsinError):
    """The stored key is not as it was written."""

    code = "key_damaged"
    status = 503
    message = "A stored key is damaged. Restore it from its copy; do not make a new one under the same name."


class PassphraseWrong(TocsinError):
    """The passphrase opens none of the locked keys."""

    code = "passphrase_wrong"
    status = 403
    message = "This passphrase opens none of the locked keys. Nothing was changed."


class RuntimeDirectoryUnsafe(TocsinError):
    """The directory for unlocked copies is on a disk, or belongs to somebody else."""

    code = "runtime_directory_unsafe"
    status = 503
    message = (
        "The runtime directory must lie in memory (tmpfs) and belong to the node alone, mode 0700. Name another one."
    )


@dataclass(frozen=True)
class KeyState:
    """One key: how it is kept, whether `get` would give it, and if not, why."""

    name: str
    keeping: Literal["passphrase", "unattended"]
    is_unlocked: bool
    reason: Reason


class KeyCustody:
    """The keys of one node. Calls touch the disk; `create`, `unlock` and `change_passphrase` take about a second a key (scrypt)."""

    def __init__(self, directory: Path, runtime_directory: Path, boot: bytes) -> None:
        self._directory = directory
        self._runtime = runtime_directory
        self._boot = boot

    @classmethod
    def open(cls, directory: Path, runtime_directory: Path, *, boot: bytes | None = None) -> "KeyCustody":
        """Open or begin. `boot` names the machine's current boot; from the kernel unless a trial says otherwise."""
        disk.make_directory(directory)
        disk.sweep_unfinished(directory)
        return cls(directory, runtime_directory, boot if boot is not None else _boot_id())

    def create(self, name: str, secret: bytes, passphrase: str | None) -> None:
        """Keep `secret` as `name`: under `passphrase`, or unattended when that is `None`. It is unlocked from now on."""
        if self._keeping(name) is not None:
            raise KeyExists
        if passphrase is None:
            disk.write_new_file(self._clear(name), [_checked(name, secret)], replace=False)
        else:
            self._wake(name, secret)
            disk.write_new_file(self._sealed(name), [pyrage.passphrase.encrypt(secret, passphrase)], replace=False)

    def get(self, name: str) -> bytes:
        """The key. `KeyLocked` with the reason, `KeyUnknown`, or `KeyDamaged`."""
        keeping = self._keeping(name)
        if keeping is None:
            raise KeyUnknown
        if keeping == "unattended":
            return _unchecked(name, self._clear(name).read_bytes())
        awake = self._awake(name)
        if awake is None:
            raise KeyLocked(name, self._reason(name))
        return awake

    def of_this_boot(self, name: str, clock: Clock) -> bytes:
        """32 random bytes that are the same until the machine is started anew and never lie on a disk; then others."""
        found = self._awake(name)
        if found is None:
            found = clock.random_bytes(CHECK_BYTES)
            self._keep_awake(name, found)
        return found

    def unlock(self, passphrase: str) -> tuple[str, ...]:
        """Unlock every locked key that `passphrase` opens; their names. `PassphraseWrong` when it opens none of those there are."""
        locked = [state.name for state in self.state() if not state.is_unlocked]
        opened = [name for name in locked if self._open(name, passphrase)]
        if locked and not opened:
            raise PassphraseWrong
        return tuple(opened)

    def lock(self) -> None:
        """Forget the unlocked copies of every key under a passphrase."""
        for state in self.state():
            if state.keeping == "passphrase":
                _forget(self._copy(state.name))

    def change_passphrase(self, old: str, new: str) -> None:
        """Seal every key that `old` opens under `new`. `PassphraseWrong` when it opens none."""
        secrets = {state.name: self._unseal(state.name, old) for state in self.state() if state.keeping == "passphrase"}
        if not any(secrets.values()):
            raise PassphraseWrong
        for name, secret in secrets.items():
            if secret is not None:
                disk.write_new_file(self._sealed(name), [pyrage.passphrase.encrypt(secret, new)])

    def state(self) -> tuple[KeyState, ...]:
        """Every key, by name."""
        names = sorted(path.stem for pattern in ("*.key", "*.age") for path in self._directory.glob(pattern))
        return tuple(self._state(name) for name in names)

    def _state(self, name: str) -> KeyState:
        if self._keeping(name) == "unattended":
            return KeyState(name, "unattended", is_unlocked=True, reason="")
        reason: Reason = "" if self._awake(name) is not None else self._reason(name)
        return KeyState(name, "passphrase", is_unlocked=not reason, reason=reason)

    def _keeping(self, name: str) -> Literal["passphrase", "unattended"] | None:
        if self._clear(name).exists():
            return "unattended"
        return "passphrase" if self._sealed(name).exists() else None

    def _reason(self, name: str) -> Reason:
        try:
            last = self._last_boot(name).read_bytes()
        except FileNotFoundError:
            return "first"
        return "restart" if last == self._boot else "reboot"

    def _open(self, name: str, passphrase: str) -> bool:
        secret = self._unseal(name, passphrase)
        if secret is None:
            return False
        self._wake(name, secret)
        return True

    def _unseal(self, name: str, passphrase: str) -> bytes | None:
        try:
            return bytes(pyrage.passphrase.decrypt(self._sealed(name).read_bytes(), passphrase))
        except pyrage.DecryptError:
            return None

    def _wake(self, name: str, secret: bytes) -> None:
        """Put a copy where a restarted process finds it, and remember during which boot."""
        self._keep_awake(name, secret)
        disk.write_new_file(self._last_boot(name), [self._boot])

    def _keep_awake(self, name: str, secret: bytes) -> None:
        self._runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self._runtime.lstat()
        is_ours = found.st_uid == os.geteuid() and found.st_mode & 0o177777 == 0o40700
        if not is_ours or not mounts.is_in_memory(self._runtime):
            raise RuntimeDirectoryUnsafe
        disk.write_new_file(self._copy(name), [self._boot, _checked(name, secret)])

    def _awake(self, name: str) -> bytes | None:
        try:
            raw = self._copy(name).read_bytes()
        except FileNotFoundError:
            return None
        if not raw.startswith(self._boot):
            _forget(self._copy(name))
            return None
        return _unchecked(name, raw[len(self._boot) :])

    def _clear(self, name: str) -> Path:
        return self._directory / f"{_checked_name(name)}.key"

    def _sealed(self, name: str) -> Path:
        return self._directory / f"{_checked_name(name)}.age"

    def _last_boot(self, name: str) -> Path:
        return self._directory / f"{_checked_name(name)}.boot"

    def _copy(self, name: str) -> Path:
        return self._runtime / f"{_checked_name(name)}.unlocked"


def _boot_id() -> bytes:
    """36 characters that the kernel draws anew at each boot (random(4))."""
    return Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("not a key name")
    return name


def _checked(name: str, secret: bytes) -> bytes:
    return secret + hashlib.sha256(LABEL + name.encode() + b"\n" + secret).digest()


def _unchecked(name: str, raw: bytes) -> bytes:
    secret = raw[:-CHECK_BYTES]
    if len(raw) < CHECK_BYTES or _checked(name, secret) != raw:
        raise KeyDamaged
    return secret


def _forget(path: Path) -> None:
    """Overwrite, then remove: pages of a removed file may wait in memory for their next use."""
    if path.exists():
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
        path.unlink()
