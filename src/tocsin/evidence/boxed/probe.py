"""Looks from inside whether every wall of the sandbox stands. Says so in one line, or ends with an error.

Arguments: the folders that were let in. What of `HIDDEN` is there may hold the way to those and nothing else.
"""

import ctypes
import os
import socket
import sys
from pathlib import Path

HIDDEN = ("/etc", "/var", "/run", "/proc", "/sys", "/mnt", "/srv", "/boot", "/home", "/root", "/media", "/opt")
NEW_USER_NAMESPACE = 0x10000000
"""CLONE_NEWUSER of linux/sched.h."""


def shows_more(folder: Path, let_in: list[str]) -> bool:
    """Whether a folder, if it is there, holds more than the way to what was let in."""
    if str(folder) in let_in or not os.path.lexists(folder):
        return False
    if not folder.is_dir() or not any(one.startswith(f"{folder}/") for one in let_in):
        return True
    return any(shows_more(one, let_in) for one in folder.iterdir())


def has_network() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True


def can_write() -> bool:
    try:
        Path("/usr/written").write_text("")
    except OSError:
        return False
    return True


def can_nest() -> bool:
    """Whether it could make walls of its own, behind which it would have rights again."""
    return bool(ctypes.CDLL(None).unshare(NEW_USER_NAMESPACE) == 0)


if (
    any(shows_more(Path(one), sys.argv[1:]) for one in HIDDEN)
    or has_network()
    or can_write()
    or can_nest()
    or os.getuid() != 65534
):
    sys.exit(1)
print("every wall stands")
