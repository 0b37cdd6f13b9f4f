"""A disk as it is seized: a file with an ext4 file system in it, read with its journal and its free blocks."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READ_BYTES = 4 << 20


class Disk:
    """Where the node writes. `image` is None without root: then there is only a folder, and no free blocks."""

    def __init__(self, place: Path, image: Path | None) -> None:
        self.place, self.image = place, image
        self.is_mounted = False

    def mount(self, options: str = "noatime") -> None:
        if self.image and not self.is_mounted:
            subprocess.run(["mount", "-o", f"loop,{options}", self.image, self.place], check=True)
            self.is_mounted = True

    def unmount(self) -> None:
        if self.is_mounted:
            subprocess.run(["umount", self.place], check=True)
            self.is_mounted = False

    def raw(self) -> Iterator[bytes]:
        """Every byte that was ever written: what was never written is not read, it is zeros."""
        subprocess.run(["sync", "-f", self.place], check=True)
        if self.image is None:
            yield from (path.read_bytes() for path in sorted(self.place.rglob("*")) if path.is_file())
            return
        with self.image.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            at = 0
            while at < end:
                try:
                    at = os.lseek(file.fileno(), at, os.SEEK_DATA)
                except OSError:
                    return
                hole = os.lseek(file.fileno(), at, os.SEEK_HOLE)
                file.seek(at)
                while at < hole:
                    part = file.read(min(READ_BYTES, hole - at))
                    yield part
                    at += len(part)

    def copy_files(self, to: Path) -> Path:
        """What is reachable by name, with its times."""
        # A running node makes and drops files meanwhile: cp takes what is there.
        subprocess.run(["cp", "-a", self.place, to], check=False, capture_output=True)
        return to


@contextmanager
def disk(folder: Path, megabytes: int, *, is_root: bool) -> Iterator[Disk]:
    """A fresh disk, mounted; gone afterwards."""
    place = folder / "disk"
    place.mkdir(parents=True)
    image = folder / "disk.img" if is_root else None
    one = Disk(place, image)
    if image:
        with image.open("wb") as file:
            file.truncate(megabytes << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-b", "4096", "-E", "lazy_itable_init=0,nodiscard", image], check=True)
    one.mount()
    try:
        yield one
    finally:
        one.unmount()
