"""Take everything, without anybody's help."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.seizure import memory
from tests.seizure.image import Disk
from tests.seizure.search import dense
from tests.seizure.town import Town

POWERED_OFF, IDLE, BUSY = "V0 powered off", "V1 idle", "V2 mid-traffic"


@dataclass
class Seized:
    """One seizure: the variant, bytes by place, and a copy of what is reachable by name."""

    variant: str
    places: dict[str, bytes] = field(default_factory=dict)
    files: Path = Path()
    skipped: list[str] = field(default_factory=list)

    def node_keys(self) -> list[bytes]:
        """The node's own keys, wherever they lie open."""
        return [path.read_bytes()[:-32] for path in sorted(self.files.rglob("*.key"))]


def powered_off(town: Town, disk: Disk, to: Path) -> Seized:
    """The disk of a node that was stopped."""
    town.stop()
    seized = Seized(POWERED_OFF, skipped=[] if disk.image else ["free blocks and journal of the disk: needs root"])
    seized.files = disk.copy_files(to)
    disk.unmount()
    seized.places["disk"] = dense(disk.raw())
    seized.places |= dict(elsewhere(town))
    disk.mount()
    return seized


def running(town: Town, disk: Disk, to: Path, variant: str, *, is_root: bool) -> Seized:
    """Disk and memory of a node that goes on."""
    seized = Seized(variant)
    if is_root:
        for pid in memory.family_of(town.pid):
            seized.places["memory"] = seized.places.get("memory", b"") + dense(memory.memory_of(pid))
            for name, told in memory.told_of(pid).items():
                seized.places[name] = seized.places.get(name, b"") + told
    else:
        seized.skipped.append("memory, environment and open files of the node: needs root")
    seized.places["disk"] = dense(disk.raw())
    seized.files = disk.copy_files(to)
    seized.places |= dict(elsewhere(town))
    return seized


def elsewhere(town: Town) -> Iterator[tuple[str, bytes]]:
    """What the node said, its memory-backed folder, and what the witnesses keep."""
    yield "said", town.said
    yield "runtime folder", joined(town.runtime)
    yield "witness state", b"".join(joined(folder) for folder in town.witness_folders())


def joined(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def names(folder: Path) -> str:
    """Every name of a file, one a line."""
    return "\n".join(re.sub(r"^\./", "", str(path.relative_to(folder))) for path in sorted(folder.rglob("*")))
