"""Looks from inside whether every wall of the sandbox stands. Says so in one line, or ends with an error."""

import os
import socket
import sys
from pathlib import Path

HIDDEN = ("/etc", "/var", "/run", "/proc", "/sys", "/mnt", "/srv", "/boot")


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
    try:
        os.unshare(os.CLONE_NEWUSER)  # type: ignore[attr-defined, unused-ignore]  # Python 3.12
    except (OSError, AttributeError):
        return False
    return True


if any(Path(one).exists() for one in HIDDEN) or has_network() or can_write() or can_nest() or os.getuid() != 65534:
    sys.exit(1)
print("every wall stands")
