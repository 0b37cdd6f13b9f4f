"""What a key and a spent token are, and the refusals a member can meet."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from sqlalchemy import Connection

from tocsin.errors import TocsinError
from tocsin.ids import SlotNumber

SECRET_BYTES = 32


class Role(StrEnum):
    """What a token proves. Closed: a role that few hold would name them."""

    MEMBER = "member"
    CONFIRMER = "confirmer"
    HELPER = "helper"


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
