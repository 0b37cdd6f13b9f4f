"""Everything an operator may set: one TOML file, and the environment for what differs between machines.

`Settings.load(path, environment)` reads both; `TOCSIN_<NAME>` wins over the file for the plain ones. Every field is documented in
`docs/run/settings.md` (a rule test holds it). Unknown names are refused: a misspelt setting must not be silently absent.
"""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tocsin.errors import TocsinError

HERE = Path("node.toml")
"""What counts where no file is named."""

MOST_COHORTS = 32
LEAST_OF_COHORT = 20
"""Rules of safety, 7."""
NAME = re.compile(r"[a-z0-9_]{1,30}")
LEAST_SECRET = 24
"""Characters of a secret that is asked over the network."""
ONION = re.compile(r"[a-z2-7]{56}\.onion")
"""A version 3 onion address (rend-spec-v3, 6)."""


class SettingsWrong(TocsinError):
    code = "settings_wrong"
    message = "The settings cannot be used."

    def __init__(self, why: str) -> None:
        super().__init__()
        self.message = f"The settings cannot be used: {why}"


class Witness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A witness that cosigns this node's log. `outside` is true when somebody else runs it, on another machine."""

    url: str
    vkeys: tuple[str, ...]
    outside: bool = False


class Authority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An RFC 3161 timestamp authority. `roots` is a PEM file; without it tokens are kept unchecked and said to be so."""

    name: str
    url: str
    roots: str = ""


class RecordingLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one recording may hold. `bytes_per_second` is an average over `burst_bytes`."""

    max_bytes: int = 8 * 1024**3
    max_minutes: int = 12 * 60
    bytes_per_second: int = 1024**2
    burst_bytes: int = 256 * 1024**2
    import_max_bytes: int = 4 * 1024**3
    starts_per_minute: int = 120


class Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The outside channel e-mail: one sentence to one address, which a list server spreads. Off without `to`."""

    host: str = "localhost"
    port: int = 25
    secure: str = ""
    account: str = ""
    secret: str = ""
    sender: str = ""
    to: str = ""


class MatrixRoom(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The outside channel Matrix: one sentence into one encrypted room. Off without `room`."""

    homeserver: str = ""
    account: str = ""
    secret: str = ""
    room: str = ""


class CapReader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An institution that may read CAP 1.2 (`docs/spec/cap.md`), with a secret of its own."""

    name: str
    secret: str


class Alarm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a steward is woken, and how often the node tries itself. See `docs/run/alarm.md`."""

    command: tuple[str, ...] = ()
    url: str = ""
    probe_minutes: int = 5


class Relay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where calls are relayed when two networks do not let them through. See `docs/run/relay.md`."""

    urls: tuple[str, ...] = ()
    secret: str = ""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The node's settings. Paths are taken relative to the working directory of the process."""

    folder: str
    runtime: str = ""
    database: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    tls_certificate: str = ""
    tls_key: str = ""
    public_url: str = "http://localhost:8000"
    hosts: tuple[str, ...] = ()
    onion: str = ""
    onion_port: int = 0
    exit_url: str = ""
    hotline: str = ""
    source_url: str = ""
    security_contact: str = ""
    log_origin: str
    pack: str = ""
    keys: str = "passphrase"
    beat_seconds: int = 60
    cut_after_minutes: int = 24 * 60
    desk_late_days: int = 2
    passport_cohorts: int = 0
    passport_cohort_least: int = 20
    push_contact: str = ""
    push_services: tuple[str, ...] = ()
    relay_targets: tuple[str, ...] = ()
    outside_a_day: int = 24
    fediverse_name: str = ""
    mail: Mail = Mail()
    matrix: MatrixRoom = MatrixRoom()
    cap_readers: tuple[CapReader, ...] = ()
    alerts_per_hour: int = 6
    ballast_bytes: int = 64 * 1024**2
    erase_slots: int = 4096
    backup_recipient: str = ""
    witnesses: tuple[Witness, ...] = ()
    timestamp_authorities: tuple[Authority, ...] = ()
    recording: RecordingLimits = RecordingLimits()
    alarm: Alarm = Alarm()
    relay: Relay = Relay()
    trials: bool = False

    @classmethod
    def load(cls, path: Path | None, environment: Mapping[str, str]) -> "Settings":
        """Settings from `path` under `environment`. Raises `SettingsWrong` with what to mend."""
        found: dict[str, Any] = {}
        try:
            if path is not None:
                found = tomllib.loads(path.read_text())
            plain = {field.name for field in msgspec.structs.fields(cls) if field.type in (str, int, bool)}
            for name, value in environment.items():
                field = name.removeprefix("TOCSIN_").lower()
                if name.startswith("TOCSIN_") and field in plain:
                    found[field] = value
            settings = msgspec.convert(found, cls, strict=False)
        except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise SettingsWrong(str(error)) from error
        settings.check()
        return settings

    def check(self) -> None:
        """Refuse what would be unsafe. Raises `SettingsWrong`."""
        if self.keys not in ("passphrase", "unattended"):
            raise SettingsWrong('keys must be "passphrase" or "unattended"')
        if not self.trials and self.beat_seconds != 60:
            raise SettingsWrong("beat_seconds other than 60 is for trials: a city-wide beat hides who records when")
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise SettingsWrong("tls_certificate and tls_key go together")
        if bool(self.onion) != bool(self.onion_port):
            raise SettingsWrong("onion and onion_port go together: the onion service has a port of its own")
        if self.onion and not ONION.fullmatch(self.onion):
            raise SettingsWrong("onion is the 56 letters and digits of a version 3 address, with .onion")
        if self.alarm.url and not self.alarm.url.startswith(("https://", "http://")):
            raise SettingsWrong("alarm.url begins with https:// or http://")
        self._check_passport()
        self._check_relay()
        self._check_delivery()
        if self.alarm.probe_minutes < 0:
            raise SettingsWrong("alarm.probe_minutes is a number of minutes, or 0 for no probe")
        if self.onion_port and self.onion_port == self.port:
            raise SettingsWrong("onion_port and port differ: one is reached through Tor, the other is not")

    def _check_delivery(self) -> None:
        if self.push_contact and not self.push_contact.startswith(("mailto:", "https://")):
            raise SettingsWrong("push_contact begins with mailto: or https://")
        if self.mail.secure not in ("", "tls", "starttls"):
            raise SettingsWrong('mail.secure is "tls", "starttls", or "" for a server on the machine itself')
        if bool(self.mail.to) != bool(self.mail.sender):
            raise SettingsWrong("mail.to and mail.sender go together")
        if self.fediverse_name and not NAME.fullmatch(self.fediverse_name):
            raise SettingsWrong("fediverse_name is a word of small letters, digits and _, at most 30")
        room = self.matrix
        if room.room and not (room.account and room.secret and room.homeserver.startswith(("https://", "http://127."))):
            raise SettingsWrong("matrix.room needs matrix.account, matrix.secret, and an https:// matrix.homeserver")
        names = [one.name for one in self.cap_readers]
        if len(set(names)) != len(names) or any(not name or ":" in name for name in names):
            raise SettingsWrong("cap_readers have names of their own, without a colon")
        if any(len(one.secret) < LEAST_SECRET for one in self.cap_readers):
            raise SettingsWrong(f"cap_readers have secrets of at least {LEAST_SECRET} characters")

    def _check_passport(self) -> None:
        if not 0 <= self.passport_cohorts <= MOST_COHORTS:
            raise SettingsWrong(f"passport_cohorts is 0 for no passport, or a number up to {MOST_COHORTS}")
        if self.passport_cohort_least < LEAST_OF_COHORT and not self.trials:
            raise SettingsWrong(
                f"passport_cohort_least under {LEAST_OF_COHORT} is for trials: a token would say whose it is"
            )

    def _check_relay(self) -> None:
        if bool(self.relay.urls) != bool(self.relay.secret):
            raise SettingsWrong("relay.urls and relay.secret go together: the relay takes who knows its secret")
        if not all(url.startswith(("turn:", "turns:")) for url in self.relay.urls):
            raise SettingsWrong("relay.urls begin with turn: or turns:")

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{Path(self.folder) / 'tocsin.sqlite'}"


def toml_of(settings: Mapping[str, Any]) -> str:
    """A TOML file of text, numbers, yes or no, lists, and tables in lists."""
    return "".join(f"{name} = {_toml(value)}\n" for name, value in settings.items())


def _toml(value: Any) -> str:
    """A value in TOML's inline form, which for text and numbers is JSON's."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def settings_of(path: Path | None) -> Settings:
    """The settings of this invocation: its file, or the one that `tocsin init` wrote here, under this process's environment."""
    return Settings.load(path or (HERE if HERE.is_file() else None), os.environ)
