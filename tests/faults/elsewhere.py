"""A witness in a process of its own, elsewhere: made first, because a node names its keys, and told of logs afterwards."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.served import FORKS
from tests.serving import free_ports
from tests.waiting import wait_until
from tocsin.demo.town import tocsin
from tocsin.settings import toml_of
from tocsin.store.blobs import DiskBlobs

NAME = "elsewhere.example/w1"


class Witness:
    """`follow` and then `start`, as often as wanted. `minute_s` is how long its minutes are."""

    def __init__(self, folder: Path, minute_s: float = 60.0, **settings: Any) -> None:
        self.folder, self.port, self._minute_s = folder, free_ports(1)[0], minute_s
        self._settings = {"name": NAME, "listen": f"127.0.0.1:{self.port}", **settings}
        self._process: Any = None
        folder.mkdir(parents=True)
        self._write({"logs": []})
        self.vkeys = tocsin("witness", "new-key", "--config", str(self._file)).split()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def as_setting(self) -> dict[str, Any]:
        """How a node names it."""
        return {"url": self.url, "vkeys": self.vkeys, "outside": True}

    @property
    def fork_count(self) -> int:
        """How many proofs of forks it keeps."""
        return len(list(self.folder.glob("state/forks/*.json")))

    def forks(self) -> list[dict[str, str]]:
        """The proofs themselves, two signed heads each, from what a witness that is stopped has on its disk."""
        blobs = DiskBlobs(self.folder / "state")
        return [json.loads(blobs.get(name)) for name in blobs.list("forks/")]

    def follow(self, *logs: str) -> None:
        self._write({"logs": list(logs)})

    def start(self) -> None:
        self._process = FORKS.Process(target=serve_witness, args=(str(self._file), self._minute_s), daemon=True)
        self._process.start()
        wait_until(self._answers, 60)

    def kill(self) -> None:
        """End it and wait until it is gone. Does nothing when it is."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def _answers(self) -> bool:
        import socket

        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    @property
    def _file(self) -> Path:
        return self.folder / "witness.toml"

    def _write(self, more: Mapping[str, Any]) -> None:
        self._file.write_text(toml_of({**self._settings, **more}))


@contextmanager
def witness(folder: Path, minute_s: float = 60.0, **settings: Any) -> Iterator[Witness]:
    """One that is gone afterwards whatever happens."""
    made = Witness(folder, minute_s, **settings)
    try:
        yield made
    finally:
        made.kill()


def serve_witness(file: str, minute_s: float) -> None:
    """What its process does: the program, with other minutes."""
    from tocsin import cli, wake
    from tocsin.tlog import silence

    wake.CALM_S *= minute_s / 60
    silence.LOOK_SECONDS *= minute_s / 60
    silence.MINUTE = minute_s
    sys.exit(cli.main(["witness", "serve", "--config", file], standalone_mode=False))
