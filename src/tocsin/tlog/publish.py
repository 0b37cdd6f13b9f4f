"""What follows the append of a beat: ask the witnesses, publish, ask the timestamp authorities (docs/spec/log.md,
Publishing).
"""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import httpx
import msgspec

from tocsin.clock import Clock
from tocsin.crypto import canonical
from tocsin.tlog import note as notes
from tocsin.tlog import timestamp
from tocsin.tlog.ask import ALARMS, Answer, Outcome, Witnesses
from tocsin.tlog.log import Log
from tocsin.tlog.timestamp import Authority, TimestampRefused, TimestampWrong


@dataclass(frozen=True)
class Published:
    """What the witnesses and the authorities did for the checkpoint of `size`. Absence is shown, never hidden."""

    size: int
    answers: tuple[Answer, ...]
    timestamped_by: tuple[str, ...]
    not_timestamped_by: tuple[str, ...]

    @property
    def cosigned_by(self) -> tuple[str, ...]:
        """Names of the witnesses whose lines stand on the checkpoint."""
        return tuple(answer.witness.name for answer in self.answers if answer.lines)

    @property
    def alarms(self) -> tuple[Answer, ...]:
        """Answers that no honest log gets. Somebody must look."""
        return tuple(answer for answer in self.answers if answer.outcome in ALARMS)

    @property
    def is_cosigned_outside(self) -> bool:
        """Whether a witness outside this node cosigned."""
        return any(a.outcome is Outcome.COSIGNED and a.witness.is_outside for a in self.answers)


async def publish(
    log: Log, witnesses: Witnesses, authorities: Sequence[Authority], client: httpx.AsyncClient, clock: Clock
) -> Published:
    """Publish the log's newest checkpoint: with its witnesses' lines where they answered, without them where they did
    not.
    """
    size = log.size
    answers = await witnesses.ask(log)
    log.publish()
    text = notes.parse(log.checkpoint_note(size)).text
    imprint = sha256(text.encode()).digest()
    tokens = await asyncio.gather(*(_timestamp(client, authority, imprint, clock) for authority in authorities))
    stored = {a.name: token for a, token in zip(authorities, tokens, strict=True) if token is not None}
    if stored:
        await asyncio.to_thread(log.add_timestamps, size, tokens_json(stored))
    missing = tuple(authority.name for authority in authorities if authority.name not in stored)
    return Published(size, tuple(answers), tuple(stored), missing)


def tokens_json(tokens: dict[str, bytes]) -> bytes:
    """What `GET /log/timestamps/<size>` answers."""
    listed = [{"tsa": name, "token": b64encode(token).decode()} for name, token in tokens.items()]
    return canonical.dumps({"tokens": listed})


def parse_tokens(raw: bytes) -> dict[str, bytes]:
    """Inverse of `tokens_json`. Raises `ValueError`."""
    try:
        found = msgspec.json.decode(raw, type=_Tokens)
    except msgspec.ValidationError as error:
        raise ValueError("not a list of tokens") from error
    return {item.tsa: b64decode(item.token, validate=True) for item in found.tokens}


class _Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tsa: str
    token: str


class _Tokens(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tokens: list[_Token]


async def _timestamp(client: httpx.AsyncClient, authority: Authority, imprint: bytes, clock: Clock) -> bytes | None:
    try:
        return await timestamp.fetch(client, authority, imprint, clock)
    except (TimestampRefused, TimestampWrong):
        return None
