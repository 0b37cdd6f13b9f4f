"""A place of our own: mounts and network that nobody else sees, and that are gone with the last process."""

import os
import subprocess
import sys

INSIDE = "TOCSIN_SEIZURE_INSIDE"


def can_seize() -> bool:
    """Whether this process may mount a disk and read another's memory."""
    return os.geteuid() == 0 and can_unshare()


def can_unshare() -> bool:
    return subprocess.run(["unshare", "-mn", "true"], check=False, capture_output=True).returncode == 0


def go_inside(arguments: list[str]) -> None:
    """Start this program again in namespaces of its own. Returns when it is there already."""
    if INSIDE not in os.environ:
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "-mn", sys.executable, "-m", "tests.seizure", *arguments])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
