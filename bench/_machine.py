"""The machine under a measurement: which core does what, what a process used, how fast the disk syncs."""

import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
SERVER_CORE, CLIENT_CORE = 0, 1
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def pin(number: int) -> None:
    """Keep this process on core `number`; on a machine with a single one everything shares it, and the table says so."""
    if number in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {number})


def free() -> None:
    """Let this process run on every core again."""
    os.sched_setaffinity(0, range(os.cpu_count() or 1))


def cpu_s(pid: int) -> float:
    """Seconds of processor time that a process and its threads have used, user and kernel together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def resident_mb(pid: int, field: str = "VmRSS") -> float:
    """Memory of a process in MB (10^6 bytes): `VmRSS` now, `VmHWM` the most so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def sync_ms(folder: Path, count: int = 100) -> float:
    """Milliseconds of a 64 KiB write with fdatasync into space set aside, on average."""
    body = bytes(65_536)
    with tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, count * len(body))
        began = time.perf_counter()
        for number in range(count):
            os.pwrite(file.fileno(), body, number * len(body))
            os.fdatasync(file.fileno())
        return (time.perf_counter() - began) * 1000 / count


def described(folder: Path) -> str:
    """One line: processor, cores, system, disk. Without it a figure means nothing."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = names[0].partition(":")[2].strip() if names else platform.machine()
    disk = f"64 KiB write and fdatasync {sync_ms(folder):.2f} ms"
    load = f"load before {os.getloadavg()[0]:.1f}"
    python = f"Python {platform.python_version()}"
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}, {python}, {disk}, {load}"


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder on the checkout's own disk: a temporary folder in memory would make every sync free."""
    place = ROOT / ".bench"
    place.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Path(folder)


def say(text: str) -> None:
    """Progress, to the error stream: standard output is the table and the JSON."""
    print(text, file=sys.stderr, flush=True)
