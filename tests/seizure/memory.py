"""Everything a process has in memory of its own, and what the kernel tells about it."""

import os
from collections.abc import Iterator
from pathlib import Path

KERNELS_OWN = ("[vvar]", "[vsyscall]", "[vdso]", "[vvar_vclock]")


def memory_of(pid: int) -> Iterator[bytes]:
    """Every readable region that is not an unchanged part of a file."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights, _, _, inode, *name = line.split(maxsplit=5)
            is_programs = inode != "0" and "w" not in rights and "s" not in rights
            if "r" not in rights or is_programs or (name and name[0] in KERNELS_OWN):
                continue
            first, last = (int(end, 16) for end in span.split("-"))
            yield from read(memory.fileno(), first, last)


def read(descriptor: int, first: int, last: int) -> Iterator[bytes]:
    step = 8 << 20
    for at in range(first, last, step):
        try:
            yield os.pread(descriptor, min(step, last - at), at)
        except OSError:
            return


def family_of(pid: int) -> list[int]:
    """The process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family_of(int(child))
    return found


def told_of(pid: int) -> dict[str, bytes]:
    """Environment, command line and names of what is open."""
    here = Path(f"/proc/{pid}")
    names = [str(one.readlink()) for one in (here / "fd").iterdir() if one.is_symlink()]
    return {
        "environment": (here / "environ").read_bytes(),
        "command line": (here / "cmdline").read_bytes(),
        "open files": "\n".join(names).encode(),
    }
