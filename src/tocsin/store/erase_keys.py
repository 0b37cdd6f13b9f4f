r"""The file whose overwriting erases recordings: fixed slots, each with one 32-byte key, overwritten in place.

Deleting rows or files leaves their bytes on the disk (500 of 500 deleted rows were on the raw image). So a recording's
wrapped keys are sealed under a key in this file, and erasing overwrites that key where it stands.

Promise: `allocate` returns after the key is durable; `erase` returns after random bytes are on the disk in its place, read
back from the disk. A slot number is never valid again after `erase`, even when its place is used anew, so an erasure that
is repeated cannot hit somebody else's key. Never in the database, never in a backup.
The place is drawn at random and so is the first generation: slots in order would tell who began before whom.
Residual: a drive that remaps sectors, and a file system that copies on write, keep old bytes; `mounts.is_overwritten_in_place`
tells the second, nothing tells the first.

    file = "tocsin.erase-keys/v1\n" and zeros to 4096 | slots of 512 bytes
    slot = generation u32 | state u8 | key 32 | SHA-256(label | index u32 | all before)[:27] | zeros; all zeros: never used

One sector a slot, so that a torn write of one cannot hurt its neighbour.
"""

import hashlib
import os
import struct
import threading
from pathlib import Path

from tocsin.clock import Clock, SystemClock
from tocsin.errors import TocsinError
from tocsin.ids import SlotNumber
from tocsin.store import disk, fail_points

LABEL = b"tocsin.erase-keys/v1\n"
HEADER_BYTES = 4096
SLOT_BYTES = 512
KEY_BYTES = 32
SLOTS = 4096
"""Slots added at a time: 2 MiB of file."""

GENERATIONS = 1 << 31
"""So that generation and index together are a positive number of 63 bits."""

_SLOT = struct.Struct(">IB32s")
_CHECK_BYTES = 27
_LIVE, _ERASED = 1, 2


class KeyErased(TocsinError):
    """The slot's key was overwritten. What was sealed under it cannot be opened by anybody any more."""

    code = "recording_erased"
    status = 410
    message = "This was erased. Its key was overwritten and nobody can open it any more."


class EraseKeysDamaged(TocsinError):
    """The file, or this slot of it, is not as it was written."""

    code = "erase_keys_damaged"
    status = 500
    message = "A key slot is damaged. The others are not affected. Tell the operator."


class EraseFailed(TocsinError):
    """The disk gave the old bytes back after they were overwritten. The key must be taken to be still there."""

    code = "erase_failed"
    status = 500
    message = "The disk did not take the overwrite. The key is still there; check the disk and erase again."


class EraseKeys:
    """The slots of one file. Calls block on the disk and may come from any thread."""

    def __init__(self, path: Path, slots: int, clock: Clock) -> None:
        self._slots = slots
        self._clock = clock
        self._lock = threading.Lock()
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        if disk.read_at(self._descriptor, len(LABEL), 0) != LABEL:
            os.close(self._descriptor)
            raise EraseKeysDamaged
        # An overwrite that a killed process did not sync is on no disk yet, and `erase` would take it for done.
        disk.sync(self._descriptor)
        self._count = (os.fstat(self._descriptor).st_size - HEADER_BYTES) // SLOT_BYTES
        self._free = [index for index in range(self._count) if self._is_free(index)]

    @classmethod
    def open(cls, path: Path, slots: int = SLOTS, clock: Clock | None = None) -> "EraseKeys":
        """Open the file, or make it with room for `slots` keys; it grows by as many whenever it is full."""
        disk.make_directory(path.parent)
        if not path.exists():
            disk.write_new_file(path, [LABEL.ljust(HEADER_BYTES, b"\0"), bytes(slots * SLOT_BYTES)])
        return cls(path, slots, clock or SystemClock())

    def allocate(self) -> SlotNumber:
        """A slot with a fresh random key, durable. `DiskFull` when the file would have to grow and cannot."""
        with self._lock:
            if not self._free:
                self._grow()
            place = int.from_bytes(self._clock.random_bytes(8)) % len(self._free)
            index = self._free[place]
            generation = self._next_generation(index)
            fail_points.hit("erase_keys.before_allocate")
            self._write(index, generation, _LIVE, self._clock.random_bytes(KEY_BYTES))
            self._free[place] = self._free[-1]
            self._free.pop()
            return SlotNumber(generation << 32 | index)

    def key(self, slot: SlotNumber) -> bytes:
        """The slot's key, 32 bytes, or `KeyErased`."""
        generation, index = slot >> 32, slot & 0xFFFFFFFF
        found = self._read(index)
        if found is None:
            raise EraseKeysDamaged
        now, state, key = found
        if now != generation or state != _LIVE:
            raise KeyErased
        return key

    def erase(self, slot: SlotNumber) -> None:
        """Overwrite the slot's key. Erasing again does nothing. A damaged slot is overwritten all the same."""
        generation, index = slot >> 32, slot & 0xFFFFFFFF
        with self._lock:
            found = self._read(index)
            if found is not None and (found[0] != generation or found[1] != _LIVE):
                return
            written = self._write(index, generation, _ERASED, self._clock.random_bytes(KEY_BYTES))
            fail_points.hit("erase_keys.after_erase")
            if self._from_disk(index) != written:
                raise EraseFailed
            self._free.append(index)

    def damaged(self) -> list[int]:
        """Indices of slots that are not as they were written; reads everything."""
        return [index for index in range(self._count) if self._read(index) is None]

    def close(self) -> None:
        os.close(self._descriptor)

    def _is_free(self, index: int) -> bool:
        found = self._read(index)
        return found is not None and found[1] != _LIVE

    def _next_generation(self, index: int) -> int:
        """One more than the last, so that no number comes twice; the first is random, so that none tells how often or when."""
        found = self._read(index)
        last = found[0] if found and found[0] else int.from_bytes(self._clock.random_bytes(4))
        return last % (GENERATIONS - 1) + 1

    def _read(self, index: int) -> tuple[int, int, bytes] | None:
        """Generation, state (0: never used) and key, or `None` when damaged."""
        raw = disk.read_at(self._descriptor, SLOT_BYTES, _offset(index)) if index < self._count else b""
        if raw == bytes(SLOT_BYTES):
            return 0, 0, b""
        generation, state, key = _SLOT.unpack(raw[: _SLOT.size].ljust(_SLOT.size, b"\0"))
        return (generation, state, key) if raw == _slot(index, generation, state, key) else None

    def _write(self, index: int, generation: int, state: int, key: bytes) -> bytes:
        raw = _slot(index, generation, state, key)
        with disk.full_disk_said_plainly():
            disk.write_at(self._descriptor, [raw], _offset(index))
            disk.sync(self._descriptor)
        return raw

    def _from_disk(self, index: int) -> bytes:
        """The slot as the disk has it: the kernel's own copy is dropped first."""
        os.posix_fadvise(self._descriptor, _offset(index), SLOT_BYTES, os.POSIX_FADV_DONTNEED)
        return disk.read_at(self._descriptor, SLOT_BYTES, _offset(index))

    def _grow(self) -> None:
        with disk.full_disk_said_plainly():
            disk.write_at(self._descriptor, [bytes(self._slots * SLOT_BYTES)], _offset(self._count))
            disk.sync(self._descriptor)
        self._free = list(range(self._count, self._count + self._slots))
        self._count += self._slots


def _offset(index: int) -> int:
    return HEADER_BYTES + index * SLOT_BYTES


def _slot(index: int, generation: int, state: int, key: bytes) -> bytes:
    fields = _SLOT.pack(generation, state, key)
    check = hashlib.sha256(LABEL + index.to_bytes(4, "big") + fields).digest()[:_CHECK_BYTES]
    return (fields + check).ljust(SLOT_BYTES, b"\0")
