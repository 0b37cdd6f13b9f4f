"""Everything of a demo erased in one act: keys first, then the folder. Never a folder that is not a demo's."""

import os
import shutil
from pathlib import Path

from tocsin.demo.run import refuse_taken
from tocsin.demo.town import PACK, DemoFailed, Town

KEYS = ("node/erase.keys", "staff.json", "desk/identity.txt", "desk/custodian.pem")


def erase(town: Town) -> None:
    """Raises `DemoFailed` while it runs, and for a folder in which no demo stood."""
    if not town.settings.exists() or f'pack = "{PACK}"' not in town.settings.read_text() or not town.trust.exists():
        raise DemoFailed(f"No demo stands in {town.folder}: nothing was erased.")
    refuse_taken(town.ports.node)
    for name in KEYS:
        _overwrite(town.folder / name)
    shutil.rmtree(town.folder)


def _overwrite(path: Path) -> None:
    """With zeros, in place, on the disk before anything else happens."""
    if not path.is_file():
        return
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
