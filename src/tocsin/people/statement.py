"""A steward's statement: what is to be done, signed by one and confirmed by another (`docs/spec/stewards.md`).

`propose` and `confirm` sign under different labels, so that neither signature can stand for the other. `check` is the only door: it
raises for whatever is not two stewards' word for this node, today. It never says who a statement is about, because no statement is
about anybody: it names a recording by its random number, or days, or a public key under a pseudonym (`roll`).
"""

import base64
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Any, Self

import msgspec

from tocsin.clock import Clock
from tocsin.crypto import canonical
from tocsin.crypto.keys import SigningKey, verify_ed25519
from tocsin.crypto.profiles import RECORDING_ID_BYTES
from tocsin.errors import TocsinError
from tocsin.ids import b64, unb64
from tocsin.people.steward_keys import Steward

PROPOSE = b"tocsin.steward/v1 propose\n"
CONFIRM = b"tocsin.steward/v1 confirm\n"
DIGEST = b"tocsin.steward/v1 statement\n"
STEP = b"tocsin.steward/v1 step\n"
LIFE_DAYS = 7
"""How long after its day a statement may be signed and handed in. One that acted is remembered as long."""
SALT_BYTES, SALT_LETTERS = 32, 43
LONGEST = 16 * 1024


class Act(StrEnum):
    """What stewards may do: two together, but for taking a key off a desk."""

    HOLD = "hold"
    RELEASE = "release"
    RETENTION = "retention"
    THAW = "thaw"
    STEWARD_FOUND = "steward-found"
    STEWARD_ADD = "steward-add"
    STEWARD_REMOVE = "steward-remove"
    DESK_ADD = "desk-add"
    DESK_REMOVE = "desk-remove"
    ALERT_DESK_ADD = "alert-desk-add"
    ALERT_DESK_REMOVE = "alert-desk-remove"


OF_DESK = frozenset({Act.DESK_ADD, Act.DESK_REMOVE, Act.ALERT_DESK_ADD, Act.ALERT_DESK_REMOVE})
"""Acts about a key that phones seal to: a lawyer's, or a dispatcher's."""
OF_KEYS = OF_DESK | {Act.STEWARD_FOUND, Act.STEWARD_ADD, Act.STEWARD_REMOVE}
"""Acts whose statements stand in the log as they were signed."""
OF_ONE = frozenset({Act.DESK_REMOVE, Act.ALERT_DESK_REMOVE})
"""Acts for which one steward is enough: a stolen device opens all that is sealed to it, and nobody may have to be found first."""


class Reason(StrEnum):
    """Why something is held: a closed list, so that no reason can name a person."""

    COURT_ORDER = "court-order"
    LITIGATION = "litigation"
    PRESERVATION_LETTER = "preservation-letter"
    SUBPOENA = "subpoena"
    THREAT = "threat"


class StatementMalformed(TocsinError):
    code = "statement_malformed"
    status = 400
    message = "This is not a steward's statement. Make it with `tocsin hold`, `retention`, `desk` or `steward`; hand it on unchanged."


class StatementChanged(TocsinError):
    code = "statement_changed"
    status = 403
    message = "The statement is not what was signed. Nothing was done; ask the steward who made it for theirs."


class StatementElsewhere(TocsinError):
    code = "statement_elsewhere"
    status = 403
    message = "This statement is for another node. Nothing was done; make one for this node."


class StatementTooOld(TocsinError):
    code = "statement_too_old"
    status = 410
    message = "This statement is older than 7 days or dated ahead. Nothing was done; make a new one."


class StatementUsed(TocsinError):
    code = "statement_used"
    status = 409
    message = "This statement has acted already. Nothing was done; make a new one if it is to be done again."


class StatementUnknown(TocsinError):
    code = "statement_unknown"
    status = 404
    message = "No statement of this number waits. `tocsin hold list` and `tocsin retention show` tell which do."


class StewardUnknown(TocsinError):
    code = "steward_unknown"
    status = 403
    message = "This key is not one of a steward that counts here. `tocsin steward list` tells which do, and since when."


class SecondStewardNeeded(TocsinError):
    code = "second_steward_needed"
    status = 403
    message = (
        "This needs two stewards, and both signatures are of one. Nothing was done; ask another steward to confirm."
    )


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every statement says. `node` is the log's origin, `day` whole days since 1970, `salt` 32 random bytes (base64url)."""

    act: Act
    day: int
    node: str
    salt: str

    @property
    def raw(self) -> bytes:
        """Canonical JSON of every field: what is signed."""
        return canonical.dumps(msgspec.to_builtins(self))

    @property
    def digest(self) -> bytes:
        return sha256(DIGEST + self.raw).digest()


class Statement(Said, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`recording` for a hold and its release, `reason` for a hold, `number` and `days` for a retention table; else empty."""

    recording: str = ""
    reason: str = ""
    number: int = 0
    days: dict[str, int] = {}


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A key under a pseudonym: an age recipient for a desk, else an Ed25519 key (base64).

    `custodian`: the Ed25519 key (base64) with which a lawyer signs packages; empty where there is none.
    """

    key: str
    name: str
    custodian: str = ""


class KeyStatement(Said, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose key comes or goes: two for a founding, one for every other act of `OF_KEYS`."""

    keys: tuple[Named, ...]


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Both base64."""

    key: str
    signature: str

    @classmethod
    def of(cls, key: SigningKey, label: bytes, raw: bytes) -> Self:
        return cls(_std(key.public), _std(key.sign(label + raw)))

    @property
    def public(self) -> bytes:
        """32 bytes; empty where it is no base64."""
        return _raw(self.key)

    def is_over(self, label: bytes, raw: bytes) -> bool:
        """Whether it is this key's over these bytes. False for anything malformed."""
        return verify_ed25519(self.public, _raw(self.signature), label + raw)


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statement with one signature (proposed) or two (confirmed)."""

    statement: Said
    signatures: tuple[Signature, ...]

    @property
    def raw(self) -> bytes:
        return canonical.dumps(msgspec.to_builtins(self))

    @property
    def is_confirmed(self) -> bool:
        return len(self.signatures) == 2

    @property
    def is_enough(self) -> bool:
        """Whether it has the signatures that its act takes."""
        return self.is_confirmed or self.statement.act in OF_ONE

    @property
    def step(self) -> bytes:
        """What stands in the log for this step: nobody without the statement can tell it from filler."""
        return sha256(STEP + self.raw).digest()


class _Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    statement: dict[str, Any]
    signatures: tuple[Signature, ...]


def propose(statement: Said, key: SigningKey) -> Signed:
    """The first steward's word."""
    return Signed(statement, (Signature.of(key, PROPOSE, statement.raw),))


def confirm(proposed: Signed, key: SigningKey) -> Signed:
    """The second steward's. Raises `SecondStewardNeeded` for the first one's key."""
    first = proposed.signatures[0]
    if first.public == key.public:
        raise SecondStewardNeeded
    return Signed(proposed.statement, (first, Signature.of(key, CONFIRM, proposed.statement.raw)))


def salted(clock: Clock) -> str:
    """A fresh salt."""
    return b64(clock.random_bytes(SALT_BYTES))


def read(raw: bytes) -> Signed:
    """A signed statement from its canonical bytes. Raises `StatementMalformed`; judges no signature."""
    try:
        shape = msgspec.convert(canonical.loads(raw[:LONGEST]), _Shape)
        kind = KeyStatement if str(shape.statement.get("act")) in OF_KEYS else Statement
        found = Signed(msgspec.convert(shape.statement, kind), shape.signatures)
        keys = [(len(one.public), len(_raw(one.signature))) for one in found.signatures]
    except (canonical.CanonicalError, msgspec.ValidationError, ValueError) as error:
        raise StatementMalformed from error
    if len(found.statement.salt) != SALT_LETTERS or found.raw != raw or keys not in ([(32, 64)], [(32, 64)] * 2):
        raise StatementMalformed
    if isinstance(found.statement, Statement) and not _says_its_own(found.statement):
        raise StatementMalformed
    return found


def _says_its_own(said: Statement) -> bool:
    """Whether a statement has what its act takes and nothing else: what is shown of one must be all that it says."""
    match said.act:
        case Act.HOLD:
            return _is_number(said.recording) and bool(said.reason) and not said.number and not said.days
        case Act.RELEASE | Act.THAW:
            return _is_number(said.recording) and not (said.reason or said.number or said.days)
        case Act.RETENTION:
            return not (said.recording or said.reason)
    return False


def _is_number(text: str) -> bool:
    """Whether it is spelled as the number of a recording."""
    try:
        return len(unb64(text)) == RECORDING_ID_BYTES
    except ValueError:
        return False


def check(signed: Signed, stewards: Mapping[bytes, Steward], node: str, today: int) -> tuple[Steward, ...]:
    """Who signed, first the one who proposed. Raises what this module lists; then nothing may be done.

    `stewards` are those whose keys count now. Two keys of one pseudonym are one steward.
    """
    statement = signed.statement
    if statement.node != node:
        raise StatementElsewhere
    if not today - LIFE_DAYS <= statement.day <= today + 1:  # a steward's clock may be a day ahead of the node's
        raise StatementTooOld
    for label, signature in zip((PROPOSE, CONFIRM), signed.signatures, strict=False):
        if signature.public not in stewards:
            raise StewardUnknown
        if not signature.is_over(label, statement.raw):
            raise StatementChanged
    who = tuple(stewards[one.public] for one in signed.signatures)
    if signed.is_confirmed and (who[0].key == who[1].key or who[0].name == who[1].name):
        raise SecondStewardNeeded
    return who


def public_of(text: str) -> bytes:
    """A key's 32 bytes; empty for what is no strict base64."""
    return _raw(text)


def _raw(text: str) -> bytes:
    """Inverse of `_std`; empty for what it would not have written."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return b""
    return raw if _std(raw) == text else b""


def _std(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
