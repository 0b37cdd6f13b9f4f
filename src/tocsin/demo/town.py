"""The folder of a demo: settings, keys and places of everything that will run. Made once, found again at the next start.

`prepare` makes what is missing and starts nothing. What it makes it asks for as a stranger would, from the `tocsin` program.
"""

import io
import json
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Self

import msgspec

from tocsin.cli import main as program
from tocsin.errors import TocsinError
from tocsin.jurisdictions.load import load
from tocsin.jurisdictions.model import Pack
from tocsin.people.steward_keys import read_key, spelled
from tocsin.settings import toml_of

PROGRAM = (sys.executable, "-m", "tocsin")
PACK = "minneapolis-sample"
WITNESSES = ("witness-one", "witness-two")
DESK_NAME = "sample lawyer"
DISPATCHER = "sample dispatcher"
STEWARDS = ("sample-steward-one", "sample-steward-two")
COHORTS = 2
BEAT_S = 10
"""A city's beat is 60 s. A trial may be quicker, so that nobody waits to see it."""


class DemoFailed(TocsinError):
    code = "demo_failed"

    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message


HOST = "tocsin-demo.local"
"""Under what name a phone on the network finds the demo."""


class Lan(msgspec.Struct, frozen=True):
    """What a node needs to be reached from the local network. `lan.prepare` makes it."""

    address: str
    certificate: Path
    key: Path
    root: Path
    fingerprint: str


class Ports(msgspec.Struct, frozen=True):
    """Where everything listens. Browsers keep what is unsent by host and port, so the demo's are the same each time."""

    node: int = 8000
    witnesses: tuple[int, int] = (8441, 8442)
    authority: int = 8461
    door: int = 8080

    @classmethod
    def above(cls, first: int, *, is_lan: bool = False) -> Self:
        """All ports from one number up: 8000 gives the usual ones, another lets two demos stand side by side."""
        node = first + 443 if is_lan else first
        return cls(node, (first + 441, first + 442), first + 461, first + 80)


class Town(msgspec.Struct, frozen=True):
    """A folder in which everything stands."""

    folder: Path
    ports: Ports = Ports()
    beat_s: int = BEAT_S
    lan: Lan | None = None

    @property
    def pack(self) -> Pack:
        return load(PACK)

    @property
    def url(self) -> str:
        """The node's address, without a slash at the end."""
        if self.lan is None:
            return f"http://localhost:{self.ports.node}"
        return f"https://{HOST}:{self.ports.node}"

    @property
    def here(self) -> str:
        """The same for whoever asks on this machine, which may not find the name it tells phones."""
        return self.url.replace(HOST, "localhost")

    @property
    def settings(self) -> Path:
        return self.folder / "node.toml"

    @property
    def desk_identity(self) -> Path:
        """The identity of the sample lawyer: in earnest it never comes near a node."""
        return self.folder / "desk" / "identity.txt"

    @property
    def dispatcher_identity(self) -> Path:
        """The identity of the sample dispatcher."""
        return self.folder / "desk" / "dispatcher.txt"

    @property
    def dispatcher_key(self) -> Path:
        """With which the sample dispatcher signs in words of their own."""
        return self.folder / "desk" / "dispatcher.pem"

    @property
    def desk_key(self) -> Path:
        """With which the sample lawyer signs packages."""
        return self.folder / "desk" / "custodian.pem"

    @property
    def stewards(self) -> Path:
        """The keys of two sample stewards: in earnest each stays with its steward."""
        return self.folder / "stewards"

    @property
    def trust(self) -> Path:
        """Keys to check packages with. A card or a newspaper would carry them; here they stand beside the node."""
        return self.folder / "trust.json"

    def witness(self, name: str) -> Path:
        """The settings of a witness."""
        return self.folder / name / "witness.toml"


def prepare(town: Town) -> None:
    """Make settings and keys that are missing. Raises `DemoFailed` when the program refuses."""
    town.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    vkeys = {name: _witness(town, name) for name in WITNESSES}
    _write(town.settings, _node(town, vkeys))
    published = town.folder / "node" / "published.json"
    if not published.exists() or "city" not in json.loads(published.read_text()):
        tocsin("--settings", str(town.settings), "keys", "init")
    if not town.stewards.exists():
        _open_desk(town)
    log = json.loads(published.read_text())["log"]
    for name in WITNESSES:
        _write(town.witness(name), _witness_settings(town, name, [log]))


def write_trust(town: Town) -> None:
    """The keys a stranger needs. Call it when the authority runs, whose root is among them."""
    published = json.loads((town.folder / "node" / "published.json").read_text())
    trust = {
        "log": published["log"],
        "witnesses": [vkey for name in WITNESSES for vkey in _witness(town, name)],
        "timestamp_roots": [(town.folder / "authority" / "root.pem").read_text()],
        "quorum": len(WITNESSES),
        "stewards": [spelled(read_key(town.stewards / name, None).public) for name in STEWARDS],
    }
    town.trust.write_text(json.dumps(trust, indent=1) + "\n")


def _witness(town: Town, name: str) -> list[str]:
    """The verifier keys of a witness, which is made when it is not there."""
    shown = town.witness(name).with_name("vkeys.txt")
    if not shown.exists():
        _write(town.witness(name), _witness_settings(town, name, []))
        printed = tocsin("witness", "new-key", "--config", str(town.witness(name)))
        shown.write_text(printed)
    return shown.read_text().split()


def _witness_settings(town: Town, name: str, logs: list[str]) -> dict[str, Any]:
    port = dict(zip(WITNESSES, town.ports.witnesses, strict=True))[name]
    return {"name": _witness_name(name), "listen": f"127.0.0.1:{port}", "logs": logs}


def _witness_name(name: str) -> str:
    return f"demo.invalid/{name}"


def tocsin(*arguments: str) -> str:
    """What a command of the program prints. Raises `DemoFailed` when it refuses.

    It runs in this process: each start of Python with everything loaded would cost a second, and a first start has five.
    """
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            program(list(arguments), standalone_mode=False)
    except SystemExit as refused:
        raise DemoFailed(f"`tocsin {' '.join(arguments)}` refused.") from refused
    return printed.getvalue()


def _open_desk(town: Town) -> None:
    """Two sample stewards; a sample lawyer and dispatcher, whose keys go every key's way: signed by two, in the log, a wait."""
    town.desk_identity.parent.mkdir(exist_ok=True, mode=0o700)
    for old in (town.desk_identity, town.desk_key, town.dispatcher_identity, town.dispatcher_key):
        old.unlink(missing_ok=True)
    recipient, custodian = _keys(town.desk_identity, town.desk_key)
    of_alerts = _keys(town.dispatcher_identity, town.dispatcher_key)
    town.stewards.mkdir(mode=0o700)
    keys = [town.stewards / name for name in STEWARDS]
    public = [json.loads(tocsin("steward", "new", "-o", str(key), "--in-clear"))["key"] for key in keys]
    one, two = STEWARDS
    # An equals sign before it: a key in base64 may begin like an option.
    _sign(town, ("steward", "found", "=" + public[1], "--other-name", two, "--name", one), "founding")
    _sign(town, ("desk", "propose", recipient, "--custodian", custodian, "--name", DESK_NAME), "lawyer")
    asked = ("desk", "propose", of_alerts[0], "--custodian", of_alerts[1], "--name", DISPATCHER, "--alerts")
    _sign(town, asked, "dispatcher")


def _keys(identity: Path, signing: Path) -> tuple[str, str]:
    """Fresh files of somebody at a desk; their public halves."""
    recipient = str(json.loads(tocsin("identity", "-o", str(identity)))["recipient"])
    return recipient, tocsin("custodian", str(signing)).strip()


def _sign(town: Town, statement: tuple[str, ...], name: str) -> None:
    """Both sample stewards sign a statement, and leave it for the node."""
    settings, files = ("--settings", str(town.settings)), [town.stewards / f"{name}.{nth}" for nth in ("one", "two")]
    first, second = (("--key", str(town.stewards / steward)) for steward in STEWARDS)
    tocsin(*settings, *statement, *first, "-o", str(files[0]))
    tocsin(*settings, statement[0], "confirm", str(files[0]), *second, "-o", str(files[1]), "--yes")
    tocsin(*settings, "steward", "hand-in", str(files[1]), "--later")


def _node(town: Town, vkeys: Mapping[str, list[str]]) -> dict[str, Any]:
    """Settings of a node for trials. The witnesses pass for outside ones, which the demo says aloud."""
    settings: dict[str, Any] = {
        "folder": str(town.folder / "node"),
        "log_origin": "demo.invalid/tocsin",
        "pack": PACK,
        "keys": "unattended",
        "trials": True,
        "passport_cohorts": COHORTS,
        "passport_cohort_least": 1,
        "beat_seconds": town.beat_s,
        "port": town.ports.node,
        "public_url": town.url,
        "witnesses": [
            {"url": f"http://127.0.0.1:{port}", "vkeys": vkeys[name], "outside": True}
            for name, port in zip(WITNESSES, town.ports.witnesses, strict=True)
        ],
        "timestamp_authorities": [
            {
                "name": "sample",
                "url": f"http://127.0.0.1:{town.ports.authority}/",
                "roots": str(town.folder / "authority" / "root.pem"),
            }
        ],
    }
    if town.lan:
        settings |= {"host": "0.0.0.0", "tls_certificate": str(town.lan.certificate), "tls_key": str(town.lan.key)}
    return settings


def _write(path: Path, settings: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(toml_of(settings))
