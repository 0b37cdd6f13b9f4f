"""Reads a pack from its folder and refuses what it does not understand."""

import re
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from tocsin.errors import TocsinError
from tocsin.jurisdictions.areas import merge, read_places, read_sites
from tocsin.jurisdictions.model import AREA_FLOOR, DESK_KEY_WAIT_S, Calls, LawClock, Pack
from tocsin.jurisdictions.recorded import recorded

SHIPPED = Path(__file__).parent / "packs"


class PackUnknown(TocsinError):
    code = "pack_unknown"
    status = 500
    message = "There is no jurisdiction pack of this name. `tocsin serve` takes the name of a shipped pack or the path of a folder."


class PackMalformed(TocsinError):
    code = "pack_malformed"
    status = 500
    message = "The jurisdiction pack is not as docs/jurisdictions.md says. Nothing of it was used."


def shipped() -> tuple[str, ...]:
    """Names of the packs that come with the project."""
    return tuple(sorted(path.parent.name for path in SHIPPED.glob("*/pack.toml")))


def folder_of(name: str) -> Path:
    """Where a pack lies: a shipped one by name, an operator's own by path."""
    return SHIPPED / name if re.fullmatch(r"[a-z0-9-]+", name) else Path(name)


def load(name: str) -> Pack:
    """A shipped pack by name, or an operator's own by the path of its folder.

    Raises `PackUnknown` when there is none, `PackMalformed` for an unknown field, a floor under 2,000 residents, a desk key that
    counts sooner than the rule allows outside a sample, or a page in a language the pack does not offer, and `RecordingTooLarge`.
    """
    folder = folder_of(name)
    try:
        pack = msgspec.toml.decode((folder / "pack.toml").read_bytes(), type=Pack)
    except OSError as error:
        raise PackUnknown from error
    except msgspec.DecodeError as error:
        raise PackMalformed(where=str(error)) from error
    check(pack)
    if pack.calls is not None:
        pack = msgspec.structs.replace(pack, recorded=recorded(folder, pack.calls.cards))
    places = folder / "places.csv"
    if not places.exists():
        return pack
    sites = read_sites(folder / "sites.csv") if (folder / "sites.csv").exists() else ()
    return msgspec.structs.replace(pack, areas=merge(read_places(places), pack.area_floor, sites))


def check(pack: Pack) -> None:
    """Raises `PackMalformed` where a pack tries to go below what holds everywhere."""
    refused = {
        "area_floor": pack.area_floor < AREA_FLOOR,
        "desk_key_wait_s": pack.desk_key_wait_s < (0 if pack.is_sample else DESK_KEY_WAIT_S),
        "recording_page": set(pack.recording_page) != set(pack.languages),
        "threat_page": set(pack.threat_page) not in (set(), set(pack.languages)),
        "observer_page": set(pack.observer_page) not in (set(), set(pack.languages)),
        "subpoena_page": set(pack.subpoena_page) not in (set(), set(pack.languages)),
        "clocks": any(_is_wrong(one, pack) for one in pack.clocks),
        "calls": pack.calls is not None and _says_too_little(pack.calls, set(pack.languages)),
        "review": bool(pack.review.date) and not re.fullmatch(r"\d{4}-\d\d-\d\d", pack.review.date),
        "areas": bool(pack.areas),
        "recorded": bool(pack.recorded),
        "timezone": not _is_zone(pack.timezone),
    }
    for field, is_wrong in refused.items():
        if is_wrong:
            raise PackMalformed(where=field)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _is_wrong(clock: LawClock, pack: Pack) -> bool:
    """Whether a clock of the law counts nothing, or is not told in each language of its pack."""
    return clock.hours < 1 or not set(clock.name) == set(clock.source) == set(pack.languages)


def _says_too_little(calls: Calls, languages: set[str]) -> bool:
    """Whether something of a call is not told in each language of its pack."""
    told: list[Mapping[str, object]] = [calls.consent, calls.cards, *(place.name for place in calls.places)]
    return not calls.places or any(set(one) != languages for one in told)
