"""What a key and a spent token are, and the refusals a member can meet."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from sqlalchemy import Connection

from tocsin.errors import TocsinError
from tocsin.ids import SlotNumber

SECRET_BYTES = 32


COHORT_LEAST = 20
"""People of one role in one cohort: with fewer, a token would say too well whose it is (rules of safety, 7)."""


class Role(StrEnum):
    """What a token proves. Closed: a role that few hold would name them."""

    MEMBER = "member"
    CONFIRMER = "confirmer"
    HELPER = "helper"
    VOUCHER = "voucher"
    """That a member may vouch for somebody."""
    RENEW_MEMBER = "renew-member"
    """That somebody was a member the week before: with these a phone gets the tokens of its next week."""
    RENEW_CONFIRMER = "renew-confirmer"
    RENEW_HELPER = "renew-helper"

    @property
    def renewal(self) -> "Role":
        """The role by which this one is renewed. For the three that act alone."""
        return Role(f"renew-{self}")

    @property
    def renews(self) -> "Role | None":
        """The role that this one renews; None where it renews none."""
        return Role(self.removeprefix("renew-")) if self.startswith("renew-") else None


ACTING = (Role.MEMBER, Role.CONFIRMER, Role.HELPER)
OF_ADULTS = frozenset({Role.CONFIRMER, Role.HELPER})
SETS: dict[Role, dict[Role, int]] = {
    Role.MEMBER: {Role.MEMBER: 64, Role.VOUCHER: 5, Role.RENEW_MEMBER: 1},
    Role.CONFIRMER: {Role.MEMBER: 32, Role.CONFIRMER: 32, Role.VOUCHER: 5, Role.RENEW_CONFIRMER: 1},
    Role.HELPER: {Role.MEMBER: 32, Role.HELPER: 32, Role.VOUCHER: 5, Role.RENEW_HELPER: 1},
}
"""What a phone gets for a week, by its role: 70 tokens each, so that their number tells no role."""
NOT_AT_FIRST = frozenset({Role.VOUCHER})
"""Who was admitted this week vouches for nobody yet: three bad vouchers make seven bad members in a week, not a thousand."""


class Kind(StrEnum):
    """What a code is good for."""

    VOUCH = "vouch"
    TRAINING = "training"


class By(StrEnum):
    """What entitles a phone to its tokens."""

    ADMISSION = "admission"
    RENEWAL = "renewal"
    LOST = "lost"


class Key(msgspec.Struct, frozen=True):
    """A key's row. Its seed is the key of its slot."""

    id: bytes
    """SHA-256 of the public half, as tokens name it."""
    role: Role
    cohort: int
    epoch: int
    public: bytes
    slot: SlotNumber


class Pass(msgspec.Struct, frozen=True):
    """What a good token says of whoever spent it."""

    role: Role
    cohort: int
    epoch: int


class Code(msgspec.Struct, frozen=True):
    """A code's row. `side`: of a vouch, whose two have to differ; of a training, its role. `again`: empty until it is used."""

    mark: bytes
    kind: Kind
    side: str
    again: bytes
    key_id: bytes


class Admission(msgspec.Struct, frozen=True):
    """Somebody is in: with `proof` their phone fetches its first tokens."""

    role: Role
    cohort: int
    epoch: int
    proof: bytes


class Spending(msgspec.Struct, frozen=True):
    """A genuine token, ready to be spent. `mark` stands for the token, `again` for who asks and on what; both need the key."""

    key_id: bytes
    says: Pass
    mark: bytes
    again: bytes


@dataclass(frozen=True)
class Slots:
    """How a slot that nothing names any more is overwritten, also by a node that dies in between."""

    erase_later: Callable[[Connection, SlotNumber], bytes]
    """Write down, in this transaction, that it has to be; answers the number of that work."""
    done: Callable[[Connection, bytes], None]


class BodyWrong(TocsinError):
    code = "body_malformed"
    status = 400
    message = "The node could not read what the page sent. Reload the page and try again; nothing was changed."


class TokenWrong(TocsinError):
    code = "token_malformed"
    status = 400
    message = (
        "This is not a token of a passport. Nothing was done and nothing was spent. Reload the page and try again."
    )


class TokenForeign(TocsinError):
    code = "token_foreign"
    status = 403
    message = (
        "This token is of another city, or of nobody. Nothing was done. Use a token that this city's node gave you."
    )


class TokenForged(TocsinError):
    code = "token_forged"
    status = 403
    message = "This token was not made with the key it names. Nothing was done. Renew your passport."


class TokenExpired(TocsinError):
    code = "token_expired"
    status = 410
    message = "This token is of a week that is over. Nothing was done. Renew your passport and try again."


class TokenEarly(TocsinError):
    code = "token_early"
    status = 403
    message = "This token is for a week that has not begun. It is not spent. Check the clock of your device."


class TokenBurnt(TocsinError):
    code = "token_burnt"
    status = 410
    message = "The city took back all tokens of this role. Nothing was done. Renew your passport."


class TokenSpent(TocsinError):
    code = "token_spent"
    status = 409
    message = "This token was used before, for something else. Nothing was done now. Use another one."


class TokenOfOtherRole(TocsinError):
    code = "token_other_role"
    status = 403
    message = "This token is of another role than this needs. Nothing was done and nothing was spent."


class SecretWrong(TocsinError):
    code = "token_secret_wrong"
    status = 400
    message = "The page did not send what makes asking twice harmless. Nothing was spent. Reload the page."


class KeysUsedUp(TocsinError):
    code = "token_keys_used_up"
    status = 409
    message = (
        "This role was burnt twice this week already. Its keys are gone; a new one is made when the next week begins."
    )


class KeysAbsent(TocsinError):
    code = "token_keys_absent"
    status = 409
    message = "This node has no passport, or its keys are not made yet. Try again in a few minutes."


class CohortSmall(TocsinError):
    code = "cohort_small"
    status = 409
    message = (
        "Fewer than 20 people of this role are in one of the groups. Nothing was spent. It works when more are in."
    )


class CodeWrong(TocsinError):
    code = "code_wrong"
    status = 403
    message = (
        "One of the codes is not right, or not of this week. Nothing was used up. Look at it again with who gave it."
    )


class CodeSpent(TocsinError):
    code = "code_spent"
    status = 409
    message = "One of the codes was used before. Ask for another one."


class CodesTooMany(TocsinError):
    code = "codes_too_many"
    status = 409
    message = "No more codes can be made this week, or so many at once."


class CityFounded(TocsinError):
    code = "city_founded"
    status = 409
    message = "Enough people are in. From now on members vouch, and stewards do not."


class VouchersMissing(TocsinError):
    code = "vouchers_missing"
    status = 400
    message = "Two people have to vouch. Nothing was used up."


class VouchersAlike(TocsinError):
    code = "vouchers_alike"
    status = 409
    message = (
        "The two vouches may be of one person, or of people who know each other too well. Nothing was used up. "
        "Ask somebody else for one of them."
    )


class AdultsOnly(TocsinError):
    code = "adults_only"
    status = 403
    message = "This role is for adults. Nothing was used up."


class AskedOtherwise(TocsinError):
    code = "asked_otherwise"
    status = 400
    message = "The page asked for other tokens than this week's. Nothing was given. Reload the page and try again."


class IssueRefused(TocsinError):
    code = "issue_refused"
    status = 403
    message = "This does not entitle to tokens of this week. Nothing was given."


class FindsMany(TocsinError):
    code = "finds_many"
    status = 503
    message = "Many phones are asking at this moment. Nothing was changed. Wait a minute and try again."


class IssuedAlready(TocsinError):
    code = "issued_already"
    status = 409
    message = (
        "The tokens of this week were fetched before, with another request. "
        "If it was not you: use your recovery words, then ask a steward."
    )


class TrainingNeeded(TocsinError):
    code = "training_needed"
    status = 409
    message = (
        "Your role was burnt this week or the last one. Ask a trainer for a new training code; nothing was used up."
    )
