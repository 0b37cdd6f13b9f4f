"""What costs most of a push, done before there is anything to send: a key of its own for each subscriber's next message.

In memory alone, 109 bytes each, used once and made again in idle time. Whoever takes this memory can read the next message to a
subscriber's number, which is public, and learns no endpoint.
"""

import asyncio

from tocsin.deliver.message_encryption import HEAD_BYTES, Prepared
from tocsin.deliver.subscription import Subscriber, Subscriptions
from tocsin.deliver.webpush import Sender
from tocsin.errors import TocsinError

BATCH = 200
AT_ONCE = 4
PAUSE_S = 0.004
"""Between a few of them: about a tenth of a processor, so that whoever records notices nothing."""
LOOK_S = 30.0


class Ahead:
    """Prepared messages by subscriber."""

    def __init__(self, sender: Sender, subscriptions: Subscriptions) -> None:
        self._sender = sender
        self._subscriptions = subscriptions
        self._made: dict[bytes, bytes] = {}
        self._wanted = asyncio.Event()
        self.may_go_on = asyncio.Event()
        """Cleared while a message goes out: nothing is prepared then."""
        self.may_go_on.set()

    def __len__(self) -> int:
        return len(self._made)

    def take(self, one: Subscriber) -> Prepared:
        """What was made for a subscriber, or made now. It is never given twice. Raises `ValueError` for a point that is none."""
        made = self._made.pop(one.id, None)
        self._wanted.set()
        if made is None:
            return self._sender.prepare(one.endpoint)
        return Prepared(made[:HEAD_BYTES], made[HEAD_BYTES:-12], made[-12:])

    def make(self, one: Subscriber) -> None:
        """Make what a subscriber's next message needs, unless it is there."""
        if one.id in self._made:
            return
        try:
            fresh = self._sender.prepare(one.endpoint)
        except ValueError:
            return
        self._made[one.id] = fresh.head + fresh.key + fresh.nonce

    async def run(self) -> None:
        """Make what is missing, in idle time, for ever; cancel to stop."""
        while True:
            self._wanted.clear()
            try:
                await self.fill(PAUSE_S)
            except TocsinError:  # locked, or the database is away: nothing can be sent either
                self._made.clear()
            try:
                await asyncio.wait_for(self._wanted.wait(), LOOK_S)
            except TimeoutError:
                continue

    async def fill(self, pause_s: float) -> None:
        """One walk over everybody; what is kept for who has gone is dropped."""
        seen: set[bytes] = set()
        after = b""
        while batch := await self._subscriptions.after(after, BATCH):
            after = batch[-1].id
            for number, one in enumerate(batch):
                seen.add(one.id)
                self.make(one)
                if number % AT_ONCE == 0:
                    await asyncio.sleep(pause_s)
                await self.may_go_on.wait()
        for gone in self._made.keys() - seen:
            del self._made[gone]
