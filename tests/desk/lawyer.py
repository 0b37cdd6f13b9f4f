"""A lawyer's browser as the node sees it: draws capabilities, seals tickets, opens what is sealed to it."""

import json
from dataclasses import dataclass, field
from hashlib import sha256

from tests.encounters.phone import Phone
from tests.encounters.test_receive import begin, send
from tocsin.clock import SystemClock
from tocsin.crypto import envelope
from tocsin.crypto.hkdf import hkdf
from tocsin.desk.decline import Decline
from tocsin.desk.hand_over import HandOver
from tocsin.desk.model import Caller
from tocsin.desk.take import Take
from tocsin.ids import RecordingId, b64
from tocsin.node import Node

CLOCK = SystemClock()


@dataclass
class Lawyer:
    """One lawyer with an identity and a session."""

    name: str
    identity: str = ""
    recipient: str = ""
    capabilities: dict[RecordingId, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.seed = CLOCK.random_bytes(32)
        self.identity = envelope.identity_of(self.seed)
        self.recipient = envelope.recipient_of(self.identity)

    @property
    def caller(self) -> Caller:
        return Caller(key_id(self.recipient), is_lawyer=True, is_steward=False)

    def mark(self, recording: RecordingId) -> str:
        secret = hkdf(self.seed, salt=b"", info=b"tocsin.desk/v1 declined" + recording, length=32)
        return b64(sha256(secret).digest())

    def draw(self, recording: RecordingId) -> tuple[str, str]:
        """Digest and ticket of a fresh capability."""
        capability = self.capabilities[recording] = CLOCK.random_bytes(32)
        said = json.dumps({"capability": b64(capability), "recording": b64(recording)}).encode()
        return b64(sha256(capability).digest()), b64(envelope.seal_to([self.recipient], said))

    def label(self, desk: list[str]) -> str:
        return b64(envelope.seal_to([self.recipient, *desk], json.dumps({"name": self.name}).encode()))

    def take(self, recording: RecordingId) -> Take:
        digest, ticket = self.draw(recording)
        return Take(digest, ticket, self.label([]), self.mark(recording))

    def decline(self, recording: RecordingId, *, undo: bool = False) -> Decline:
        return Decline(self.mark(recording), undo)

    def hand_over(self, recording: RecordingId, rk: bytes, to: "Lawyer") -> HandOver:
        digest, ticket = to.draw(recording)
        wraps = envelope.seal_to([to.recipient], rk)
        return HandOver(digest, ticket, to.label([]), b64(wraps), to.caller.key)


def key_id(recipient: str) -> str:
    return sha256(b"tocsin.lawyer/v1 key\n" + recipient.encode()).hexdigest()[:16]


def phone_for(node: Node, *lawyers: Lawyer, kind: str = "encounter") -> Phone:
    """A phone that seals to the desk."""
    return Phone(node.share_recipient, [one.recipient for one in lawyers], kind)


async def recorded(
    node: Node, *lawyers: Lawyer, seconds: int = 2, final: bool = True, kind: str = "encounter"
) -> Phone:
    """A recording of some seconds."""
    phone = phone_for(node, *lawyers, kind=kind)
    await begin(node, phone)
    for number in range(seconds):
        await send(node, phone, phone.second(final=final and number == seconds - 1))
    return phone
