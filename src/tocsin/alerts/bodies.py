"""What every address of this room reads the same way: a body as a closed shape, an id, a capability."""

from typing import Any, TypeVar

from litestar import Request, Response

from tocsin.alerts.refusals import AskedWrong, MatterUnknown, NotOnDuty
from tocsin.ids import unb64
from tocsin.web.body import read_json

SMALL, REPORT_MOST = 16 * 1024, 1_536 * 1024
SCHEME = "Tocsin "
NO_STORE = {"Cache-Control": "no-store"}
ID_BYTES, CAPABILITY_BYTES = 16, 32

AnyRequest = Request[Any, Any, Any]
T = TypeVar("T")


async def body_of(request: AnyRequest, shape: type[T], most: int = SMALL) -> T:
    """The body as `shape`. Raises `AskedWrong`."""
    return await read_json(request.scope, request.receive, shape, most, AskedWrong)


def id_of(text: str) -> bytes:
    """The 16 bytes that an address or body names. Raises `MatterUnknown`."""
    try:
        raw = unb64(text)
    except ValueError as error:
        raise MatterUnknown from error
    if len(raw) != ID_BYTES:
        raise MatterUnknown
    return raw


def capability_of(request: AnyRequest) -> bytes:
    """The 32 bytes of the `Authorization` header. Raises `NotOnDuty`."""
    told = request.headers.get("authorization", "")
    try:
        raw = unb64(told.removeprefix(SCHEME)) if told.startswith(SCHEME) else b""
    except ValueError as error:
        raise NotOnDuty from error
    if len(raw) != CAPABILITY_BYTES:
        raise NotOnDuty
    return raw


def answer(told: Any) -> Response[Any]:
    """JSON that nobody keeps."""
    return Response(told, headers=NO_STORE)
