"""What kind of file system a path lies on, from the kernel's own table. In doubt the answers are the careful ones."""

from pathlib import Path
from typing import NamedTuple

IN_PLACE = frozenset({"ext2", "ext3", "ext4", "xfs", "tmpfs"})
"""File systems that write new bytes of a file over the old ones."""

IN_MEMORY = frozenset({"tmpfs", "ramfs"})


class Mount(NamedTuple):
    """Type and options of the file system, as the kernel names them; empty when unknown."""

    kind: str
    options: str


def mount_of(path: Path) -> Mount:
    """The mount that holds `path` (proc(5), `/proc/self/mountinfo`: the last one on the longest prefix counts)."""
    place, longest, found = path.resolve(), -1, Mount("", "")
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        root = before.split()[4].encode().decode("unicode_escape")
        kind, _source, options = after.split(maxsplit=2)
        if place.is_relative_to(root) and len(root) >= longest:
            longest, found = len(root), Mount(kind, options)
    return found


def is_overwritten_in_place(path: Path) -> bool:
    """Whether overwriting a file there reaches the old bytes (ext4 without `data=journal`, xfs; not btrfs, zfs, overlay)."""
    mount = mount_of(path)
    return mount.kind in IN_PLACE and "data=journal" not in mount.options


def is_in_memory(path: Path) -> bool:
    """Whether files there are gone after a reboot. Swap may still carry them to a disk: run without, or with a random key."""
    return mount_of(path).kind in IN_MEMORY
