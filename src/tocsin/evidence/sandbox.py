"""Run one small program on a stranger's bytes where it can reach nothing: no network, no file of ours, little time.

Promise: fails closed. Without bubblewrap, or where the kernel gives it no namespaces, `SandboxMissing` is raised and nothing is
opened; there is no way around it. The bytes go in and the answer comes out through memory: nothing touches a disk. What comes out
is for the caller to distrust: read a strict form, never run it.

The walls: bubblewrap's namespaces (user, network, processes, IPC, host name), a file system of the system's programs and nothing else,
all read-only; no capability; no new namespace; limits of time, memory and size; a filter that refuses sockets and what breaks kernels.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tocsin.errors import TocsinError
from tocsin.evidence.syscall_filter import filter_program

BOXED = Path(__file__).parent / "boxed"
"""Programs that run inside. They import nothing of ours."""
SYSTEM = ("/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin")
PROBE_SECONDS = 20


class SandboxMissing(TocsinError):
    """There is no sandbox on this machine, so nothing of strangers is opened."""

    code = "sandbox_missing"
    status = 503
    message = (
        "This node has no working sandbox, so it opens no documents. Install bubblewrap (apt-get install bubblewrap) and let the "
        "node make user namespaces: see docs/run/registry.md. Nothing was opened."
    )


class BoxFailed(TocsinError):
    """The program inside broke, was stopped at a limit, or said nothing."""

    code = "document_unreadable"
    status = 422
    message = (
        "This file could not be turned into pages within the limits. It may be damaged, locked, or made to do harm."
    )


@dataclass(frozen=True)
class Limits:
    """What the program may use."""

    seconds: int = 60
    memory: int = 2 << 30
    answer: int = 256 << 20


def run(program: Sequence[str], fed: bytes, limits: Limits, environment: dict[str, str] | None = None) -> bytes:
    """What `program` answers to `fed`. Raises `SandboxMissing`, `BoxFailed`."""
    with _memory("fed", fed) as given, _memory("answer") as answer, _memory("filter", filter_program()) as rules:
        try:
            done = subprocess.run(
                [*_walls(limits, rules, environment or {}), *program],
                stdin=given, stdout=answer, stderr=subprocess.DEVNULL, pass_fds=(rules,), timeout=limits.seconds, check=False,
                env={},
            )  # fmt: skip
        except FileNotFoundError as error:
            raise SandboxMissing from error
        except subprocess.TimeoutExpired as error:
            raise BoxFailed from error
        size = os.fstat(answer).st_size
        said = os.pread(answer, size, 0)
    if done.returncode:
        if not said:
            require()  # a wall that does not stand is told apart from a program that fell
        raise BoxFailed
    return said


def python(name: str) -> list[str]:
    """A program of `BOXED` under this interpreter, with the packages of this environment and nothing of ours."""
    return [sys.executable, "-I", "-B", str(BOXED / name)]


def require() -> None:
    """Raise `SandboxMissing` unless a program runs inside and finds every wall standing."""
    with _memory("answer") as answer, _memory("filter", filter_program()) as rules:
        told = [*_walls(Limits(seconds=PROBE_SECONDS), rules, {}), *python("probe.py"), *_ours()]
        try:
            done = subprocess.run(
                told, stdin=subprocess.DEVNULL, stdout=answer, stderr=subprocess.DEVNULL, pass_fds=(rules,),
                timeout=PROBE_SECONDS, check=False, env={},
            )  # fmt: skip
        except (FileNotFoundError, subprocess.TimeoutExpired) as error:
            raise SandboxMissing from error
        if done.returncode or os.pread(answer, 64, 0) != b"every wall stands\n":
            raise SandboxMissing


def _walls(limits: Limits, rules: int, environment: dict[str, str]) -> list[str]:
    """What is called before the program. Raises `SandboxMissing`."""
    found = [shutil.which(name) for name in ("prlimit", "bwrap")]
    if not all(found):
        raise SandboxMissing
    prlimit, bwrap = (one or "" for one in found)
    bounds = [f"--cpu={limits.seconds}", f"--as={limits.memory}", f"--fsize={limits.answer}", "--core=0", "--nofile=64"]
    spoken = [part for name, value in environment.items() for part in ("--setenv", name, value)]
    return [
        prlimit, *bounds, bwrap, "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session",
        "--clearenv", "--setenv", "PATH", "/usr/bin", *spoken, "--cap-drop", "ALL", "--uid", "65534", "--gid", "65534",
        "--hostname", "box", "--dev", "/dev", "--size", str(limits.memory), "--tmpfs", "/tmp", *_seen(), "--chdir", "/tmp",  # noqa: S108  inside
        "--seccomp", str(rules), "--",
    ]  # fmt: skip


def _seen() -> Iterator[str]:
    """The system's programs, this environment's packages and the boxed programs, read-only. No setting, no database, no home."""
    yield from ("--ro-bind", "/usr", "/usr")
    for name in SYSTEM:
        if Path(name).is_symlink():
            yield from ("--symlink", str(Path(name).readlink()), name)
        elif Path(name).is_dir():
            yield from ("--ro-bind", name, name)
    for one in _ours():
        yield from ("--ro-bind", one, one)


def _ours() -> list[str]:
    """The interpreter, this environment and the boxed programs, where they are not in /usr."""
    return [
        one
        for one in dict.fromkeys((sys.base_prefix, sys.prefix, str(BOXED)))
        if one != "/usr" and not one.startswith("/usr/")
    ]


@contextmanager
def _memory(name: str, content: bytes = b"") -> Iterator[int]:
    """A file that is nowhere but in memory."""
    descriptor = os.memfd_create(name)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
