"""The room's addresses. The list of keys is one for everybody: who asks is not looked at."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler


def routes(listed: Callable[[], Awaitable[dict[str, Any]]]) -> list[HTTPRouteHandler]:
    """`listed` answers the list, or raises while the log is locked."""

    @get("/passport/keys", include_in_schema=False)
    async def keys() -> Response[dict[str, Any]]:
        return Response(await listed())

    return [keys]
