"""Try out whether messages reach a phone that comes into a circle. Which circle is not said here, and nothing is kept."""

import msgspec

from tocsin.circle.model import AskedWrong, TrialRefused
from tocsin.circle.read import NUMBER_BYTES, bytes_of
from tocsin.circle.room import Circles
from tocsin.deliver.endpoint import Told
from tocsin.deliver.lane import Answer
from tocsin.ids import b64

TRIAL_S = 300


class TryOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /circle/trial`. `number`: 16 random bytes by which the phone knows its own trial again."""

    subscription: Told
    number: str


async def try_out(circles: Circles, asked: TryOut) -> None:
    """Raises `EndpointWrong`, `AskedWrong`, `TrialRefused`, `QuotaSpent`, `KeyLocked`."""
    endpoint = circles.sender.allowed.endpoint_of(asked.subscription)
    payload = msgspec.json.encode({"circle": 1, "trial": b64(bytes_of(asked.number, NUMBER_BYTES))})
    try:
        answer = await circles.sender.send(endpoint, payload, ttl_s=TRIAL_S, quota=circles.trials)
    except ValueError as error:
        raise AskedWrong from error
    if answer is not Answer.TAKEN:
        raise TrialRefused
