"""What every channel is: a name, and one way to send."""

from typing import Protocol

from tocsin.deliver.model import Message
from tocsin.errors import TocsinError

POINTER = "There is news from {city}. Open your Tocsin page."
"""All that an outside channel ever says (rules of safety, 10)."""


class ChannelDown(TocsinError):
    """It cannot be sent now. `after_s`: what the other side asked for, or 0 for the outbox's own step."""

    code = "channel_down"
    status = 503
    message = "A channel cannot be reached now. What it has to say waits for it."

    def __init__(self, after_s: float = 0) -> None:
        super().__init__()
        self.after_s = after_s


class Turn(Protocol):
    """One try to send one message: how far an earlier try came, and where to say how far this one is."""

    @property
    def came_to(self) -> bytes:
        """What `reached` was last told, by this process or one that died; empty at first."""

    async def reached(self, place: bytes) -> bool:
        """Remember durably that everything up to `place` was sent, and keep the lease. False: stop, it was withdrawn or has ended."""


class Channel(Protocol):
    """A way out. `send` returns when everybody this channel serves had it; until then it may be called again for the same message.

    Durability is the outbox's. A channel keeps nothing about who got what.
    """

    @property
    def name(self) -> str:
        """A short word, unique in the node."""

    async def send(self, message: Message, turn: Turn) -> None:
        """Send. Raises `ChannelDown`, or anything: it is tried again later, until the message ends."""
