"""The folder of a demo: settings, keys and places of everything that will run. Made once, found again at the next start.

`Town.prepare` makes what is missing and starts nothing. What it makes it asks for as a stranger would, from the `tocsin` program.
"""

import sys
from pathlib import Path

import msgspec

from tocsin.demo.lan import HOST, Lan
from tocsin.errors import TocsinError
from tocsin.jurisdictions.model import Pack

PROGRAM = (sys.executable, "-m", "tocsin")
WITNESSES = ("witness one", "witness two")
BEAT_S = 10
"""A city's beat is 60 s; a trial may be quicker, so that nobody waits to see it."""


class DemoFailed(TocsinError):
    code = "demo_failed"

    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message


class Ports(msgspec.Struct, frozen=True):
    """Where everything listens. Browsers keep what is unsent by host and port, so the demo's are the same each time."""

    node: int = 8000
    witnesses: tuple[int, int] = (8441, 8442)
    authority: int = 8461
    door: int = 8080


class Town(msgspec.Struct, frozen=True):
    """A folder in which everything stands."""

    folder: Path
    pack: Pack
    ports: Ports
    lan: Lan | None = None

    @property
    def url(self) -> str:
        """The node as this machine reaches it."""
        if self.lan is None:
            return f"http://localhost:{self.ports.node}"
        return f"https://{HOST}:{self.ports.node}"

    @property
    def settings(self) -> Path:
        return self.folder / "node.toml"

    @property
    def desk_identity(self) -> Path:
        """The age identity of the sample lawyer: in earnest it never comes near a node."""
        return self.folder / "desk" / "identity.txt"
