"""Two stewards of a node, and what they sign: for trials of holds and of the retention table."""

from base64 import b64encode
from dataclasses import dataclass

from tests.encounters.phone import CLOCK
from tocsin.crypto.keys import SigningKey
from tocsin.ids import b64
from tocsin.node import Node, queue_public
from tocsin.people import statement as statements
from tocsin.people import steward_keys
from tocsin.people.statement import Act, Signed, Statement
from tocsin.tlog import entry as entries

NAMES = ("Wren", "Kestrel")


@dataclass(frozen=True)
class Pair:
    """A first steward, a second one, and a stranger."""

    first: SigningKey
    second: SigningKey
    stranger: SigningKey

    @classmethod
    def fresh(cls) -> "Pair":
        return cls(*(SigningKey.generate(CLOCK) for _ in range(3)))


async def known(node: Node, pair: Pair, names: tuple[str, str] = NAMES) -> None:
    """Both keys in the log, and counting."""
    for key, name in zip((pair.first, pair.second), names, strict=True):
        body = steward_keys.body("add", b64encode(key.public).decode(), name, 0)
        await queue_public(node.database, steward_keys.KIND, entries.STEWARD_KEY, body)
    await strike(node)
    node.stewardship.wait_s = -(10**9)  # the beat that took them may lie ahead of the clock


async def strike(node: Node) -> None:
    """One beat."""
    await node.beat(node.encounters.promised_beat(node.clock.now_ms()))


def statement(node: Node, act: Act, recording: bytes = b"", **fields: object) -> Statement:
    """What a steward of this node would sign today."""
    told = {"day": node.encounters.today(), "node": node.settings.log_origin, "salt": statements.salted(CLOCK)}
    if recording:
        told["recording"] = b64(recording)
    return Statement(act=act, **{**told, **fields})  # type: ignore[arg-type]


def signed(pair: Pair, said: Statement) -> Signed:
    """By both, in order."""
    return statements.confirm(statements.propose(said, pair.first), pair.second)


async def hand_in(node: Node, one: Signed) -> dict[str, object]:
    return await node.stewardship.hand_in(one.raw)


async def hold(node: Node, pair: Pair, recording: bytes, reason: str = "litigation") -> Signed:
    """Held by both."""
    both = signed(pair, statement(node, Act.HOLD, recording, reason=reason))
    await hand_in(node, both)
    return both


async def release(node: Node, pair: Pair, recording: bytes) -> Signed:
    """Released by both."""
    both = signed(pair, statement(node, Act.RELEASE, recording))
    await hand_in(node, both)
    return both
