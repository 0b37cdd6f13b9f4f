"""A disk in a file: what is in the file is what a power cut leaves. Needs root; `why_not` says what is missing.

The copy of the image holds what the file system had handed to its device; what was only in the page cache of the mounted file
system is not in it. A real drive may lose more: what it acknowledged without its cache on stable ground is not modelled.
"""

import filecmp
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")
MEGABYTES = 64


def why_not() -> str:
    """Why this machine cannot mount an image; "" when it can."""
    if os.geteuid() != 0:
        return "mounting a loop image needs root"
    if shutil.which("mkfs.ext4") is None:
        return "there is no mkfs.ext4"
    if not Path("/dev/loop-control").exists():
        return "there are no loop devices"
    return ""


class Disk:
    """One ext4 in a file, mounted at `place` or not."""

    def __init__(self, folder: Path, megabytes: int = MEGABYTES) -> None:
        self.image, self.place = folder / "disk.img", folder / "mounted"
        self.place.mkdir(parents=True)
        with self.image.open("wb") as file:
            file.truncate(megabytes << 20)
        run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(self.image))

    def mount(self) -> None:
        run("mount", "-o", "loop", str(self.image), str(self.place))

    def unmount(self) -> None:
        if self.place.is_mount():
            run("umount", str(self.place))

    def cut(self) -> Path:
        """What is on the disk at this instant. Whoever writes must be stopped; copied again until nothing moved meanwhile."""
        copy = self.image.with_name("cut.img")
        for _ in range(20):
            shutil.copyfile(self.image, copy)
            if filecmp.cmp(self.image, copy, shallow=False):
                return copy
        raise AssertionError("the kernel never stopped writing to the image")

    def replace(self, copy: Path) -> bool:
        """Go on with `copy` instead, mounted; whether the file system was in order after its journal was replayed."""
        self.unmount()
        copy.replace(self.image)
        # 0: clean. 1: what could be mended was, which after a cut is orphaned inodes and free counts.
        replayed = run("e2fsck", "-p", str(self.image), allowed=(0, 1))
        is_clean = run("e2fsck", "-f", "-n", str(self.image), allowed=(0, 4, 8)).returncode == 0
        self.mount()
        return replayed.returncode in (0, 1) and is_clean


@contextmanager
def mounted(folder: Path, megabytes: int = MEGABYTES) -> Iterator[Disk]:
    """A fresh disk, mounted; gone afterwards. It lies in memory where there is room, so that only the trial's own syncs count."""
    home = folder
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4 * (megabytes << 20):
        home = MEMORY / f"tocsin-trial-{os.getpid()}-{folder.name}"
    disk = Disk(home, megabytes)
    try:
        disk.mount()
        yield disk
    finally:
        if disk.place.is_mount():  # lazily: a node that was begun a moment ago may not be gone yet
            run("umount", "--lazy", str(disk.place))
        for path in home.glob("*.img"):
            path.unlink()
        disk.place.rmdir()
        if home != folder:
            home.rmdir()


def run(*command: str, allowed: tuple[int, ...] = (0,)) -> "subprocess.CompletedProcess[str]":
    """One command; `AssertionError` with what it said when it failed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in allowed, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done
