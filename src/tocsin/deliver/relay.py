"""The sentence by whatever apprise reaches: Signal through signal-cli's own interface, ntfy, Telegram, SMS gateways."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.deliver.channel import ChannelDown, Turn
from tocsin.deliver.model import URGENT, Message
from tocsin.deliver.pointers import SILENT, Budget, pointer


@dataclass
class Relay:
    """One target of the settings, a channel of its own: one that is down delays itself alone."""

    name: str
    city: str
    target: str
    budget: Budget

    async def send(self, message: Message, turn: Turn) -> None:  # noqa: ARG002  a channel's signature
        """Raises `ChannelDown`."""
        if message.kind in SILENT:
            return
        with self.budget.spending(is_urgent=message.kind in URGENT):
            if not await asyncio.to_thread(self._told):
                raise ChannelDown

    def _told(self) -> bool:
        import apprise

        teller = apprise.Apprise()
        return bool(teller.add(self.target) and teller.notify(body=pointer(self.city)))


def relays(city: str, targets: Sequence[str], budgets: Sequence[Budget]) -> list[Relay]:
    """A channel for each target, named by its place: a target's address holds its secret."""
    pairs = zip(targets, budgets, strict=True)
    return [Relay(f"relay-{number}", city, target, budget) for number, (target, budget) in enumerate(pairs, 1)]
