"""Take a report: closed answers and an area; a photo, a voice or a note only sealed to the alert desk.

Promise: the same key is the same report, whoever asks how often and however many at once; it is durable before the code is told. No
address, clock or device of whoever sent it is looked at.
"""

from collections.abc import Sequence
from hashlib import sha256

import msgspec
from sqlalchemy import Connection

from tocsin.alerts import queries
from tocsin.alerts.coarsen import coarsen, step
from tocsin.alerts.model import (
    NOBODY,
    PHOTO_MOST,
    TEXT_MOST,
    TOLD,
    VOICE_MOST,
    Draft,
    Held,
    HowMany,
    Kind,
    Lane,
    Matter,
    MatterId,
    Report,
    ReportFiled,
    ReportId,
    Said,
    State,
    Status,
    Vehicles,
    Wearing,
    When,
)
from tocsin.alerts.refusals import AskedWrong, CodeUnknown, DeskAbsent, KindRefused, TextRefused
from tocsin.alerts.room import Alerts
from tocsin.alerts.screen import is_refused
from tocsin.alerts.tables import matter as matter_table
from tocsin.alerts.tables import report as report_table
from tocsin.crypto.alert import EXPIRES_STEP_S, SEEN_STEP_S
from tocsin.crypto.envelope import HEADER, seal_to
from tocsin.errors import TocsinError
from tocsin.ids import SlotNumber, unb64

KEY_BYTES = 32
CODE_LABEL = b"tocsin.alerts/v1 return code\n"
ID_LABEL = b"tocsin.alerts/v1 report\n"
CODE_LETTERS = 20
"""100 bits."""
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
KEPT_S = 7_200
"""Undecided, a matter is forgotten so long after its first report."""
BACK_S = {When.NOW: 0, When.HALF_HOUR: 1_800, When.BEFORE: 3_600}
HEADER_MOST = 4_096


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /alerts/reports` (`docs/spec/alert-desk.md`). Bytes are base64url."""

    key: str
    kind: Kind
    area: str
    how_many: HowMany = HowMany.UNKNOWN
    wearing: tuple[Wearing, ...] = ()
    vehicles: Vehicles = Vehicles.UNKNOWN
    when: When = When.NOW
    language: str = "en"
    photo: str = ""
    voice: str = ""
    text: str = ""
    token: str = ""
    secret: str = ""
    ticket: str = ""
    work: str = ""


class Filed(msgspec.Struct, frozen=True):
    code: str
    is_new: bool
    state: str = "received"


async def report(alerts: Alerts, asked: Asked, status: Status = Status.ACTUAL) -> Filed:
    """File it, and tell its return code.

    Raises `AskedWrong`, `AreaUnknown`, `KindRefused`, `TextRefused`, `DeskAbsent`, and what the passport raises for a token or the
    slow lane for a ticket; then nothing was filed.
    """
    key = bytes_of(asked.key)
    if len(key) != KEY_BYTES or len(set(asked.wearing)) != len(asked.wearing):
        raise AskedWrong
    name = ReportId(sha256(ID_LABEL + key).digest()[:16])
    code = code_of(key)
    if await _is_known(alerts, name):
        return Filed(code, is_new=False)
    said = await _said(alerts, asked, status)
    matter_id = MatterId(alerts.clock.random_bytes(16))
    slots = await alerts.slot(), await alerts.slot()
    filing = _Filing(alerts, name, matter_id, digest_of_code(code), slots)
    try:
        is_new = await _file(filing, asked, said)
    except BaseException as error:
        await alerts.let_go(*slots)
        if isinstance(error, TocsinError) and await _is_known(alerts, name):
            return Filed(code, is_new=False)  # the same report came twice at once, and this one found its ticket used
        raise
    if not is_new:
        await alerts.let_go(*slots)
    alerts.tell(ReportFiled(matter_id, is_new))
    return Filed(code, is_new)


async def state(alerts: Alerts, code: str) -> tuple[str, bool]:
    """What a return code shows, and whether a person answered. Raises `CodeUnknown`."""
    return await alerts.database.read(lambda c: told(c, code))


async def _is_known(alerts: Alerts, name: ReportId) -> bool:
    return await alerts.database.read(lambda c: queries.report_of(c, name) is not None)


class _Filing(msgspec.Struct, frozen=True):
    """Everything a report's rows are made of, but what it says."""

    alerts: Alerts
    name: ReportId
    matter_id: MatterId
    code: bytes
    slots: tuple[SlotNumber, SlotNumber]

    def put(self, connection: Connection, said: Said) -> bool:
        """The report and the matter it comes as. False where it was there."""
        alerts, (own, shared) = self.alerts, self.slots
        row = Report(
            self.name, self.matter_id, self.matter_id, self.code, False, own, alerts.seal(own, self.name, said)
        )
        if not queries.put(connection, report_table, row):
            return False
        held = Held(Draft(said.kind, said.area, said.status), came_s=alerts.minute_s)
        ends_s = step(alerts.now_s + KEPT_S, EXPIRES_STEP_S) + EXPIRES_STEP_S
        box = alerts.seal(shared, self.matter_id, held)
        queries.put(connection, matter_table, Matter(self.matter_id, State.WAITING, 0, NOBODY, shared, box, ends_s))
        return True


async def _file(filing: _Filing, asked: Asked, said: Said) -> bool:
    alerts = filing.alerts
    if not asked.token:
        if said.status is Status.ACTUAL:
            alerts.ports.enter(asked.ticket, asked.work)
        return await alerts.database.write(lambda c: filing.put(c, said))
    done: list[bool] = []

    def act(connection: Connection, cohort: int, _: int) -> None:
        told = msgspec.structs.replace(said, lane=Lane.TOKEN, cohort=cohort)
        done.append(filing.put(connection, told))

    await alerts.ports.member(bytes_of(asked.token), bytes_of(asked.secret), ID_LABEL + filing.name, act)
    return any(done)


async def _said(alerts: Alerts, asked: Asked, status: Status) -> Said:
    """The answers, with whatever is not a closed answer sealed."""
    if asked.kind is Kind.NOTHING_SEEN or (alerts.limits.is_limited and asked.kind is Kind.ROAD_CHECK):
        raise KindRefused
    if asked.language not in alerts.limits.languages:
        raise AskedWrong
    text = asked.text.strip()
    if len(text) > TEXT_MOST:
        raise AskedWrong
    if is_refused(text):
        raise TextRefused
    recipients = await alerts.ports.desk() if text or asked.photo or asked.voice else ()
    if not recipients and (text or asked.photo or asked.voice):
        raise DeskAbsent
    return Said(
        kind=asked.kind,
        how_many=asked.how_many,
        wearing=asked.wearing,
        vehicles=asked.vehicles,
        when=asked.when,
        area=coarsen(alerts.areas, asked.area),
        seen_from=step(alerts.now_s - BACK_S[asked.when], SEEN_STEP_S),
        language=asked.language,
        lane=Lane.SLOW,
        status=status,
        photo=sealed(asked.photo, PHOTO_MOST),
        voice=sealed(asked.voice, VOICE_MOST),
        text=_seal_text(recipients, text),
    )


def _seal_text(recipients: Sequence[str], text: str) -> bytes:
    """Padded to one size: how much somebody wrote is nobody's to see."""
    return seal_to(recipients, text.encode().ljust(4 * TEXT_MOST, b"\0")) if text else b""


def sealed(text: str, most: int) -> bytes:
    """An age file as it came. Raises `AskedWrong` for what is too long or none."""
    raw = bytes_of(text)
    if raw and (len(raw) > most or HEADER.match(raw[:HEADER_MOST]) is None):
        raise AskedWrong
    return raw


def told(connection: Connection, code: str) -> tuple[str, bool]:
    """What `state` answers."""
    found = queries.report_by_code(connection, digest_of_code(code))
    where = queries.state_of(connection, found.matter_id) if found else None
    if found is None or where is None:
        raise CodeUnknown
    return str(TOLD[where]), found.is_acknowledged


def code_of(key: bytes) -> str:
    """The return code of a page's key: 100 bits in Crockford's base32, five groups of four."""
    bits = int.from_bytes(sha256(CODE_LABEL + key).digest()) >> (256 - 5 * CODE_LETTERS)
    letters = "".join(CROCKFORD[bits >> 5 * place & 31] for place in range(CODE_LETTERS - 1, -1, -1))
    return "-".join(letters[at : at + 4] for at in range(0, CODE_LETTERS, 4))


def digest_of_code(code: str) -> bytes:
    """What is kept of a code, however it was typed: small letters, no hyphens, O for 0, I or L for 1."""
    plain = code.upper().translate(str.maketrans("OIL", "011", "- \t\u00a0"))
    return sha256(CODE_LABEL + plain.encode()).digest()


def bytes_of(text: str) -> bytes:
    """Bytes of base64url. Raises `AskedWrong`."""
    try:
        return unb64(text)
    except ValueError as error:
        raise AskedWrong from error
