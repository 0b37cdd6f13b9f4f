"""What the operator of a witness may set: one TOML file, and a key file beside it. Paths are relative to the TOML file.

name = "witness.example/w1"       the name it signs under; for good
key_file = "witness.key"          made by `tocsin witness new-key`; readable by its owner only
state_dir = "state"               what it has seen; losing it makes the witness refuse to start
listen = "127.0.0.1:8441"         address and port of its HTTP service
logs = ["<vkey>", ...]            the logs it follows
silent_minutes = 10               after which a log that says nothing counts as silent
wake_command = ["...", "..."]     who is woken then: a program and its arguments
wake_url = "https://..."          or an address to which one fixed sentence is posted
"""

import json
import os
import stat
import tomllib
from base64 import b64decode, b64encode
from pathlib import Path

import msgspec

from tocsin.clock import Clock
from tocsin.crypto.keys import PostQuantumKey, SigningKey
from tocsin.errors import TocsinError
from tocsin.tlog import note as notes
from tocsin.tlog.cosignature import Cosigner
from tocsin.tlog.note import VerifierKey

SEED_BYTES = 32
KEYS = ("ed25519", "ml-dsa-44")


class WitnessSettingsWrong(TocsinError):
    """The settings or the key file cannot be used; `message` says why."""

    code = "witness_settings_wrong"
    message = "The witness's settings cannot be used."

    def __init__(self, why: str) -> None:
        super().__init__()
        self.message = f"The witness's settings cannot be used: {why}"


class WitnessSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The TOML file. See the head of this module."""

    name: str
    key_file: str = "witness.key"
    state_dir: str = "state"
    listen: str = "127.0.0.1:8441"
    logs: tuple[str, ...] = ()
    silent_minutes: int = 10
    wake_command: tuple[str, ...] = ()
    wake_url: str = ""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port. Raises `WitnessSettingsWrong`."""
        host, _, port = self.listen.rpartition(":")
        if not host or not port.isdecimal():
            raise WitnessSettingsWrong('listen must be "address:port"')
        return host, int(port)

    @property
    def log_keys(self) -> tuple[VerifierKey, ...]:
        """The logs' keys. Raises `WitnessSettingsWrong`."""
        try:
            keys = tuple(notes.parse_vkey(text) for text in self.logs)
        except notes.NoteMalformed as error:
            raise WitnessSettingsWrong("an entry of logs is not a verifier key") from error
        if any(key.kind != notes.ED25519 for key in keys):
            raise WitnessSettingsWrong("an entry of logs is not a log's key")
        return keys


def load(path: Path) -> WitnessSettings:
    """The settings in `path`, with its paths made absolute. Raises `WitnessSettingsWrong`."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text()), WitnessSettings)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise WitnessSettingsWrong(str(error)) from error
    if found.wake_url and not found.wake_url.startswith(("https://", "http://")):
        raise WitnessSettingsWrong("wake_url begins with https:// or http://")
    if found.silent_minutes < 1:
        raise WitnessSettingsWrong("silent_minutes is at least 1")
    if not notes.NAME.fullmatch(found.name):
        raise WitnessSettingsWrong("name may hold no space and no plus sign")
    where = path.resolve().parent
    return msgspec.structs.replace(found, key_file=str(where / found.key_file), state_dir=str(where / found.state_dir))


def new_key(path: Path, clock: Clock) -> None:
    """Write fresh seeds to `path`, mode 0600. Raises `WitnessSettingsWrong` where a key is there: it is never replaced."""
    seeds = {name: b64encode(clock.random_bytes(SEED_BYTES)).decode() for name in KEYS}
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise WitnessSettingsWrong("there is a key already; it is never replaced") from error
    with os.fdopen(descriptor, "w") as file:
        file.write(json.dumps(seeds, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_key(settings: WitnessSettings) -> Cosigner:
    """The witness's keys. Raises `WitnessSettingsWrong`, also where others may read the file."""
    path = Path(settings.key_file)
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise WitnessSettingsWrong("the key file can be read by others; run chmod 600 on it")
        found = json.loads(path.read_text())
        ed25519, ml_dsa_44 = (b64decode(found[name], validate=True) for name in KEYS)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WitnessSettingsWrong("the key file cannot be read; `tocsin witness new-key` makes one") from error
    if (len(ed25519), len(ml_dsa_44)) != (SEED_BYTES, SEED_BYTES):
        raise WitnessSettingsWrong("the key file is damaged")
    return Cosigner(settings.name, SigningKey(ed25519), PostQuantumKey(ml_dsa_44))
