"""Two stewards of a node, and what they sign: for trials of holds and of the retention table."""

from dataclasses import dataclass
from pathlib import Path

from tests.encounters.phone import CLOCK
from tocsin import stewardship
from tocsin.crypto.keys import SigningKey
from tocsin.ids import b64
from tocsin.node import Node
from tocsin.people import inbox
from tocsin.people import statement as statements
from tocsin.people.statement import Act, KeyStatement, Named, Said, Signed, Statement
from tocsin.people.steward_keys import spelled

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
    await hand_in(node, signed(pair, founding(node.settings.log_origin, pair, names)))
    await strike(node)


def founding(origin: str, pair: Pair, names: tuple[str, str] = NAMES) -> KeyStatement:
    """With which two stewards begin."""
    keys = [
        Named(key=spelled(key.public), name=name) for key, name in zip((pair.first, pair.second), names, strict=True)
    ]
    return about_keys(origin, Act.STEWARD_FOUND, *keys)


def about_keys(origin: str, act: Act, *keys: Named) -> KeyStatement:
    """What a steward of the node of `origin` would sign today about whose keys count."""
    day, salt = CLOCK.now_ms() // 86_400_000, statements.salted(CLOCK)
    return KeyStatement(act=act, day=day, node=origin, salt=salt, keys=keys)


def of_desk(origin: str, pair: Pair, act: Act, recipient: str, name: str = "a lawyer") -> Signed:
    """A lawyer comes, by both, or goes."""
    return signed(pair, about_keys(origin, act, Named(key=recipient, name=name)))


def leave(folder: Path, *made: Signed) -> None:
    """Statements for a node that may not be running."""
    for one in made:
        inbox.drop(folder, {"kind": stewardship.KIND, "signed": one.raw.decode()}, CLOCK)


async def strike(node: Node) -> None:
    """One beat."""
    await node.beat(node.encounters.promised_beat(node.clock.now_ms()))


def statement(node: Node, act: Act, recording: bytes = b"", **fields: object) -> Statement:
    """What a steward of this node would sign today."""
    told = {"day": node.encounters.today(), "node": node.settings.log_origin, "salt": statements.salted(CLOCK)}
    if recording:
        told["recording"] = b64(recording)
    return Statement(act=act, **{**told, **fields})  # type: ignore[arg-type]


def signed(pair: Pair, said: Said) -> Signed:
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
