"""A pack as frozen values. Unknown fields are refused: a misspelt permission must not pass for an absent one."""

from enum import Enum

import msgspec

AREA_FLOOR = 2_000
"""Fewest residents of an area that may be published (rules of safety, 3)."""

DESK_KEY_WAIT_S = 24 * 60 * 60
"""How long a new legal desk key stands in the log, under an outside cosignature, before a phone takes it (rule 19)."""


class RiskRoom(Enum):
    """What can hurt somebody where the law or the facts of the place are not known to us."""

    FLEET = "fleet"
    ALERTS = "alerts"
    RECORDING_ADVICE = "recording-advice"
    OFFICE_HOLDERS = "office-holders"


class Permission(Enum):
    """How far a pack opens a room of risk. A room the pack does not name is absent."""

    ABSENT = "absent"
    LIMITED = "limited"
    ON = "on"


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who read the pack against the law of the place, as a role, and when (ISO date). Both empty: nobody has."""

    role: str = ""
    date: str = ""

    @property
    def is_done(self) -> bool:
        return bool(self.role and self.date)


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page in plain words in one language."""

    title: str
    paragraphs: tuple[str, ...]


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whole days for which a recording is kept when no duty to keep it longer arises."""

    encounter_days: int
    rehearsal_days: int
    import_days: int


class Area(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be published as a place: at least `AREA_FLOOR` residents, one or more neighbouring places of the operator's table."""

    id: str
    name: str
    residents: int
    places: tuple[str, ...]
    lat: float
    lon: float
    points: tuple[tuple[float, float], ...] = ()
    """Latitude and longitude of each of its places: a phone is in the area of the nearest one."""


class Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That so many live or stay in one site of a place (a shelter, a campus). Never what it is, nor where."""

    place: str
    residents: int


class LawClock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A term that begins when somebody is held: whole hours, its name and where it is written, by language."""

    id: str
    hours: int
    name: dict[str, str]
    source: dict[str, str]


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A jurisdiction that lawyers are admitted to: its id, and its name by language."""

    id: str
    name: dict[str, str]


class Calls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the room of calls says here: places of admission (the first is where callers are), and by language what stands beside a
    call that is recorded, and the rights cards that are read out while nobody has answered.
    """

    places: tuple[Place, ...]
    consent: dict[str, str]
    cards: dict[str, tuple[str, ...]]


class Recording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A card as somebody said it: a file name that holds the hash of its bytes, and the bytes."""

    name: str
    raw: bytes


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything about one place that the rest of the house must not guess."""

    id: str
    name: str
    country: str
    is_sample: bool
    emergency_number: str
    languages: tuple[str, ...]
    retention: Retention
    review: Review = Review()
    rooms: dict[RiskRoom, Permission] = {}
    desk_key_wait_s: int = DESK_KEY_WAIT_S
    area_floor: int = AREA_FLOOR
    recording_page: dict[str, Page] = {}
    subpoena_page: dict[str, Page] = {}
    """What to do with a subpoena, a warrant or a preservation letter. None: nobody has written one."""
    observer_page: dict[str, Page] = {}
    """How near one may stand, and what an order to move means: read before anybody goes to look. None: nobody is asked to."""
    threat_page: dict[str, Page] = {}
    """Whom the law here has told of a threat, and when: before stewards beside each. None: nobody has written it."""
    clocks: tuple[LawClock, ...] = ()
    calls: Calls | None = None
    """None: nobody is rung here, and the room answers 404."""
    timezone: str = "UTC"
    """By whose clock times are shown (IANA name)."""
    areas: tuple[Area, ...] = ()
    """Made of the operator's tables by the loader. Empty: nothing is published as a place."""
    recorded: dict[str, tuple[Recording | None, ...]] = {}
    """By language, the recording of each card that the pack's folder holds. Put in by the loader."""
