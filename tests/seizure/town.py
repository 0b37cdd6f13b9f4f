"""A node on the disk that will be seized, and two witnesses elsewhere."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.faults.served import health
from tests.seizure.image import Disk
from tests.serving import free_ports
from tests.waiting import wait_until
from tocsin import new_keys
from tocsin.clock import SystemClock
from tocsin.demo.town import tocsin
from tocsin.own_keys import MEMORY, read_published
from tocsin.settings import Settings, settings_of, toml_of

READY_S = 180.0
DAY_MS = 86_400_000
BEAT_S = 2
FAIL_POINT = "fail-point"
"""The file beside the clock that names where the node is to die."""
FOUNDERS = ("Osprey", "Knot")


class Town:
    """Processes and places. `elsewhere` is not on the disk: witnesses, the trial's own clock, what the processes said."""

    def __init__(self, disk: Disk, elsewhere: Path, *, witnesses: int, leaks: Sequence[str] = ()) -> None:
        self.disk, self.elsewhere, self.leaks = disk, elsewhere, leaks
        self.port, self.push_port, *self._witness_ports = free_ports(2 + witnesses)
        self.node: subprocess.Popen[bytes] | None = None
        self.witnesses: list[subprocess.Popen[bytes]] = []
        self.extra_environment: dict[str, str] = {}
        self.founded = ""
        """What `tocsin init` said: the links of the first stewards."""
        self.stewards: list[Any] = []
        """Those of them who came in (`rooms.staff`), for rooms whose pages need one."""
        self.dispatchers: list[Any] = []
        self.phones: list[tuple[int, Any]] = []
        """Confirmers' phones (`rooms.passport`), each with the epoch of its tokens."""
        self.beside: list[Callable[[], None]] = []
        """What ends whatever a room started beside the node."""
        elsewhere.mkdir(parents=True, exist_ok=True)
        self.runtime = Path(tempfile.mkdtemp(prefix="tocsin-seizure-", dir=MEMORY))
        self.beside.append(partial(shutil.rmtree, self.runtime))
        self.clock_file = elsewhere / "clock"
        self.clock_file.write_bytes(bytes(8))
        (disk.place / "tmp").mkdir()
        self._write_settings()
        new_keys.make(self.settings, None, SystemClock())
        self._write_witnesses([read_published(self.settings)["log"]])

    @property
    def settings(self) -> Settings:
        return settings_of(self._file)

    @property
    def share_recipient(self) -> str:
        return read_published(self.settings)["share"]

    @property
    def said(self) -> bytes:
        """Everything the node printed."""
        return (self.elsewhere / "said.txt").read_bytes()

    @property
    def pid(self) -> int:
        assert self.node is not None
        return self.node.pid

    def witness_folders(self) -> list[Path]:
        return sorted(path for path in self.elsewhere.glob("witness-*") if path.is_dir())

    def start_witnesses(self) -> None:
        for folder in self.witness_folders():
            command = [sys.executable, "-m", "tocsin", "witness", "serve", "--config", str(folder / "witness.toml")]
            self.witnesses.append(self._process(folder.name, command))

    def found(self) -> None:
        """Before the node's first start."""
        self.founded = self.command("init", *(part for name in FOUNDERS for part in ("--steward", name)))

    def start(self) -> None:
        """Start the node and wait until it takes seconds."""
        self.begin()
        wait_until(lambda: self.is_ready() or self._has_ended(), READY_S, step=0.05)
        assert not self._has_ended(), self.said[-3000:].decode(errors="replace")

    def begin(self) -> None:
        program = ["-m", "tests.seizure.node_process", str(self._file), str(self.clock_file), ",".join(self.leaks)]
        environment = {"TMPDIR": str(self.disk.place / "tmp"), **self.extra_environment}
        self.node = self._process("said", [sys.executable, *program], **environment)

    def arm(self, fail_point: str) -> None:
        """The running node will die at the place of this name (`store/fail_points.py`)."""
        assert self.node is not None
        wanted = self.clock_file.with_name(FAIL_POINT)
        wanted.write_text(fail_point)
        self.node.send_signal(signal.SIGUSR2)
        wait_until(lambda: not wanted.exists(), 60)

    def stop(self, with_signal: int = signal.SIGTERM) -> None:
        """End the node."""
        if self.node and self.node.poll() is None:
            self.node.send_signal(with_signal)
            self.node.wait(90)

    def wait_for_death(self) -> None:
        assert self.node is not None
        self.node.wait(90)

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            return bool(health(self.port)["ready"])
        return False

    def wait_for_beat(self, more: int = 1) -> None:
        """Until the log has beaten."""
        before = int(health(self.port)["beat"])
        wait_until(lambda: int(health(self.port)["beat"]) >= before + more * BEAT_S, 60, step=0.1)

    def pass_days(self, days: int) -> None:
        """Let the node's clock jump."""
        ahead = int.from_bytes(self.clock_file.read_bytes()) + days * DAY_MS
        with self.clock_file.open("r+b") as file:
            file.write(ahead.to_bytes(8))

    def today(self) -> int:
        """The node's day, whole days since 1970."""
        return (SystemClock().now_ms() + int.from_bytes(self.clock_file.read_bytes())) // DAY_MS

    def command(self, *arguments: str) -> str:
        """What a command of the program prints."""
        program = [sys.executable, "-m", "tocsin", "--settings", str(self._file), *arguments]
        return subprocess.run(program, check=True, capture_output=True, text=True).stdout

    def end(self) -> None:
        self.stop()
        for ended in self.beside:
            ended()
        for witness in self.witnesses:
            witness.terminate()
            witness.wait(30)

    def _has_ended(self) -> bool:
        return self.node is not None and self.node.poll() is not None

    def _process(self, name: str, command: list[str], **environment: str) -> subprocess.Popen[bytes]:
        with (self.elsewhere / f"{name}.txt").open("ab") as said:
            return subprocess.Popen(command, stdout=said, stderr=said, env={**os.environ, **environment})

    @property
    def _file(self) -> Path:
        return self.disk.place / "node.toml"

    def _write_settings(self) -> None:
        settings: dict[str, Any] = {
            "folder": str(self.disk.place / "node"),
            "runtime": str(self.runtime),
            "log_origin": "sample.example/log",
            "pack": "minneapolis-sample",
            "keys": "unattended",
            "trials": True,
            "port": self.port,
            "public_url": f"http://127.0.0.1:{self.port}",
            "beat_seconds": BEAT_S,
            "erase_slots": 1024,
            "passport_cohorts": 2,
            "passport_cohort_least": 1,
            "push_services": [f"http://127.0.0.1:{self.push_port}"],
            "alerts_per_hour": 100,
            "ballast_bytes": 1024 * 1024,
            "witnesses": self._witnesses(),
            "recording": {"starts_per_minute": 1_000_000},
        }
        self._file.write_text(toml_of(settings))

    def _witnesses(self) -> list[dict[str, Any]]:
        """Make the witnesses' keys; how the node reaches them."""
        found = []
        for number, port in enumerate(self._witness_ports):
            folder = self.elsewhere / f"witness-{number}"
            folder.mkdir()
            self._witness_file(number, [])
            vkeys = tocsin("witness", "new-key", "--config", str(folder / "witness.toml")).split()
            found.append({"url": f"http://127.0.0.1:{port}", "vkeys": vkeys, "outside": True})
        return found

    def _write_witnesses(self, logs: list[str]) -> None:
        for number in range(len(self._witness_ports)):
            self._witness_file(number, logs)

    def _witness_file(self, number: int, logs: list[str]) -> None:
        file = self.elsewhere / f"witness-{number}" / "witness.toml"
        listen = f"127.0.0.1:{self._witness_ports[number]}"
        lines = {"name": f"sample.example/witness-{number}", "listen": listen, "logs": logs}
        file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items()))


@contextlib.contextmanager
def living(disk: Disk, elsewhere: Path, *, witnesses: int = 0, leaks: Sequence[str] = ()) -> Iterator[Town]:
    """A town, not yet started, of which nothing runs afterwards."""
    town = Town(disk, elsewhere, witnesses=witnesses, leaks=leaks)
    try:
        yield town
    finally:
        town.end()
