"""Start this program anew with a memory that is overwritten as it is given back. Imports nothing, so that it costs nothing.

What a request held would otherwise stand in freed memory for hours. The C library reads these settings once, when a program begins.
"""

import os
import sys

MEMORY = {
    "PYTHONMALLOC": "malloc",
    "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0:glibc.malloc.arena_max=2",
}


def begin() -> None:
    """Start this program again under `MEMORY`; returns when it was."""
    if any(os.environ.get(name) != value for name, value in MEMORY.items()):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **MEMORY})  # noqa: S606  itself
