"""Planted leaks of keys and of memory."""

import resource
from collections.abc import Callable
from typing import Any

from tests.seizure.leaks.requests import Request, watch
from tocsin.encounters import share
from tocsin.ids import SlotNumber
from tocsin.settings import Settings
from tocsin.store.erase_keys import EraseKeys

kept: list[object] = []


def query_kept(_: Settings) -> None:
    watch(lambda request: kept.append(request.query))


def words_kept(_: Settings) -> None:
    """The last requests, for somebody who looks for a fault."""

    def keep(request: Request) -> None:
        if request.path == "/recover":
            kept.append(request.body)

    watch(keep)


def share_kept(_: Settings) -> None:
    """A share that is given out is remembered in case it is asked for again."""
    given: Callable[..., Any] = share.return_share

    async def return_share(*arguments: Any) -> bytes:
        found: bytes = await given(*arguments)
        kept.append(found)
        return found

    share.return_share = return_share  # type: ignore[assignment]


def memory_dumped(settings: Settings) -> None:
    """A dump of the process, as a crash with its limits off would leave: what a request held, and a name everybody knows."""
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    requests: list[bytes] = []

    def keep(request: Request) -> None:
        requests.append(repr(request).encode())
        with open(f"{settings.folder}/core.1", "wb") as file:  # noqa: PTH123  as a crash handler writes it
            file.write(b"\x7fELF" + b"\0".join(requests[-40:]))

    watch(keep)


def slot_not_erased(_: Settings) -> None:
    def erase(self: EraseKeys, slot: SlotNumber) -> None:
        """Marks nothing, overwrites nothing."""

    EraseKeys.erase = erase  # type: ignore[method-assign]
