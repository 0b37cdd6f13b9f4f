"""The sentence into one Matrix room, encrypted end to end (`matrix-nio` on vodozemac), or not at all.

Each sentence is a visit: sign in, send, sign out, and everything that was learnt of the room is dropped. A client that stayed would
keep, on the disk or in memory, who is in the room and with which devices, and that is a list of people. So the sender is a new device
each time, which no reader can have verified; what is said proves nothing anyway, and the page it leads to does.
"""

from dataclasses import dataclass
from typing import Any

from tocsin.deliver.channel import ChannelDown, Turn
from tocsin.deliver.model import URGENT, Message
from tocsin.deliver.pointers import SILENT, Budget, pointer
from tocsin.errors import TocsinError

PATIENCE_S = 20.0
DEVICE = "Tocsin"


class RoomOpen(TocsinError):
    code = "matrix_room_open"
    status = 503
    message = "The Matrix room is not encrypted, or this account is not in it. Nothing is said there."


@dataclass
class Matrix:
    """A channel. `account`: a full Matrix id with a `secret` of its own, which is in `room` and in no other."""

    city: str
    homeserver: str
    account: str
    secret: str
    room: str
    budget: Budget
    name: str = "matrix"

    async def send(self, message: Message, turn: Turn) -> None:  # noqa: ARG002  a channel's signature; one event is all or nothing
        """Raises `ChannelDown`, `RoomOpen`."""
        import aiohttp
        import nio  # type: ignore[import-untyped]  # ships no types

        if message.kind in SILENT:
            return
        with self.budget.spending(is_urgent=message.kind in URGENT):
            client = self._client(nio)
            try:
                await self._visit(client, nio)
            except (aiohttp.ClientError, nio.ProtocolError, OSError, TimeoutError) as error:
                raise ChannelDown from error
            finally:
                await _leave(client)

    async def _visit(self, client: Any, nio: Any) -> None:
        _held(await client.login(self.secret, device_name=DEVICE), nio)
        await self._look(client, nio)
        if self.room not in client.rooms and self.room in client.invited_rooms:
            _held(await client.join(self.room), nio)
            await self._look(client, nio)
        found = client.rooms.get(self.room)
        if found is None or not found.encrypted:
            raise RoomOpen
        if client.should_upload_keys:
            _held(await client.keys_upload(), nio)
        _held(await client.joined_members(self.room), nio)
        if client.should_query_keys:
            _held(await client.keys_query(), nio)
        said = {"msgtype": "m.text", "body": pointer(self.city)}
        _held(await client.room_send(self.room, "m.room.message", said, ignore_unverified_devices=True), nio)

    async def _look(self, client: Any, nio: Any) -> None:
        """The state of the one room, and nothing that was said in it."""
        nothing: dict[str, Any] = {"types": []}
        only = {"rooms": [self.room], "timeline": {"limit": 1}, "ephemeral": nothing, "account_data": nothing}
        wanted = {"room": only, "presence": nothing, "account_data": nothing}
        _held(await client.sync(timeout=0, sync_filter=wanted, full_state=True), nio)

    def _client(self, nio: Any) -> Any:
        config = nio.AsyncClientConfig(
            store=nio.store.SqliteMemoryStore,
            store_sync_tokens=False,
            encryption_enabled=True,
            max_limit_exceeded=0,
            max_timeouts=1,
            request_timeout=PATIENCE_S,
        )
        return nio.AsyncClient(self.homeserver, self.account, config=config)


def _held(answer: Any, nio: Any) -> None:
    """Raises `ChannelDown` for an answer that is a refusal, with the time that the server asked for."""
    if isinstance(answer, nio.ErrorResponse):
        raise ChannelDown((answer.retry_after_ms or 0) / 1000)


async def _leave(client: Any) -> None:
    """Sign out, so that no device is left behind; where the server is away, it is forgotten here all the same."""
    import aiohttp

    try:
        if client.access_token:
            await client.logout()
    except (aiohttp.ClientError, OSError, TimeoutError):
        return
    finally:
        await client.close()
