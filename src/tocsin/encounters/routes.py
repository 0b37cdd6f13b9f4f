"""The room's addresses (`docs/spec/http.md`): parse, call the verb, answer.

`PUT .../chunks/{seq}` is the hot path: `whole` where its request is here already, `upload` as a plain ASGI application. `several`, for
`POST .../chunks`, takes a body in while it comes. The rest are Litestar handlers.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from litestar import Request, Response, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import Receive, Scope, Send

from tocsin.crypto.profiles import CHUNK_LIMIT
from tocsin.encounters import catch_up, create, erase, export, receive, rewrap, share, state
from tocsin.encounters.model import BodyMalformed, CapabilityMissing, CapabilityWrong
from tocsin.encounters.room import Room
from tocsin.ids import RecordingId, b64, unb64
from tocsin.web.body import framed, read_body, read_json
from tocsin.web.streamed import in_turns

START_LIMIT = 64 * 1024
UPLOAD_PATH = re.compile(r"/encounters/([A-Za-z0-9_-]{22})/chunks/([0-9]{1,15})")
SEVERAL_PATH = re.compile(r"/encounters/([A-Za-z0-9_-]{22})/chunks")
SCHEME = b"Tocsin "
NO_STORE = {"Cache-Control": "no-store"}

PlainRequest = Request[Any, Any, Any]


def is_upload(path: str) -> bool:
    """Whether `path` is that of one second."""
    return UPLOAD_PATH.fullmatch(path) is not None


def is_several(path: str) -> bool:
    """Whether `path` is that of several seconds of one recording."""
    return SEVERAL_PATH.fullmatch(path) is not None


def capability_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The 32 bytes of the `Authorization` header. Raises `CapabilityMissing` when there is none, `CapabilityWrong` for noise."""
    found = [value for name, value in headers if name == b"authorization"]
    if len(found) != 1 or not found[0].startswith(SCHEME):
        raise CapabilityMissing
    try:
        return unb64(found[0].removeprefix(SCHEME).decode("ascii"))
    except ValueError as error:
        raise CapabilityWrong from error


def recording_of(text: str) -> RecordingId:
    """The recording an address names. Raises `CapabilityWrong`: an address that cannot be is like one that is not."""
    try:
        raw = unb64(text)
    except ValueError as error:
        raise CapabilityWrong from error
    if len(raw) != 16:
        raise CapabilityWrong
    return RecordingId(raw)


def upload(room: Room) -> Callable[[Scope, Receive, Send], Any]:
    """The ASGI application for one second. The caller has matched `UPLOAD_PATH` and turns refusals into answers."""
    take_whole = whole(room)

    async def take(scope: Scope, receive_message: Receive, send: Send) -> None:
        capability_of(scope["headers"])  # nobody's body is read without one
        raw = await read_body(scope, receive_message, CHUNK_LIMIT)
        receipt = await take_whole(scope["path"], scope["headers"], raw)
        await _send_text(send, receipt)

    return take


def several(room: Room) -> Callable[[Scope, Receive, Send], Any]:
    """The ASGI application for several seconds. The caller has matched `SEVERAL_PATH` and turns refusals into answers."""

    async def take(scope: Scope, receive_message: Receive, send: Send) -> None:
        match = SEVERAL_PATH.fullmatch(scope["path"])
        assert match is not None
        recording_id, capability = recording_of(match[1]), capability_of(scope["headers"])
        seconds = framed(scope, receive_message, catch_up.LIMIT)
        await _send_text(send, await catch_up.catch_up(room, recording_id, capability, seconds))

    return take


def whole(room: Room) -> Callable[[str, Iterable[tuple[bytes, bytes]], bytes], Awaitable[bytes]]:
    """Answers the receipt for one second whose request is here: path, headers, body. Raises what `receive` raises."""

    async def take(path: str, headers: Iterable[tuple[bytes, bytes]], raw: bytes) -> bytes:
        match = UPLOAD_PATH.fullmatch(path)
        assert match is not None
        return await receive.receive(room, recording_of(match[1]), capability_of(headers), int(match[2]), raw)

    return take


def routes(room: Room, sealed_extra: Callable[[], Awaitable[dict[str, bytes]]]) -> list[HTTPRouteHandler]:
    """The handlers. `sealed_extra` answers the members of a sealed export that this room does not know."""

    @post("/encounters", status_code=201, response_headers=NO_STORE)
    async def begin(request: PlainRequest) -> Any:
        start = await _body(request, create.Start)
        row, is_new = await create.create(room, start)
        limits = room.limits[row.kind]
        answer = {
            "recording": b64(row.id),
            "retained_until": state.retained_until(room, row),
            "limits": {
                "max_bytes": limits.max_bytes,
                "max_seconds": limits.max_seconds,
                "chunk_bytes": limits.chunk_bytes,
            },
            "receipt_key": room.receipts.vkey,
            "node_time_ms": room.clock.now_ms(),
        }
        return _json(answer, 201 if is_new else 200)

    @get("/encounters/{recording:str}/state")
    async def show_state(request: PlainRequest, recording: FromPath[str]) -> Any:
        return _json(await state.state(room, recording_of(recording), capability_of(_headers(request))))

    @post("/encounters/{recording:str}/return-share")
    async def give_share(request: PlainRequest, recording: FromPath[str]) -> Any:
        found = await share.return_share(room, recording_of(recording), capability_of(_headers(request)))
        return _json({"share": b64(found)})

    @put("/encounters/{recording:str}/wraps")
    async def change_wraps(request: PlainRequest, recording: FromPath[str]) -> Any:
        wraps = await _body(request, rewrap.Wraps)
        await rewrap.rewrap(room, recording_of(recording), capability_of(_headers(request)), wraps)
        return _json({})

    @post("/encounters/{recording:str}/erase")
    async def ask_erasure(request: PlainRequest, recording: FromPath[str]) -> Any:
        answer = await erase.ask(room, recording_of(recording), capability_of(_headers(request)))
        return _json({"message": answer}, 202)

    @get("/encounters/{recording:str}/sealed")
    async def fetch_sealed(request: PlainRequest, recording: FromPath[str]) -> Stream:
        live = await room.find(recording_of(recording), capability_of(_headers(request)), "owner")
        parts = await export.export(room, live, export.OWNER, await sealed_extra())
        headers = {"Content-Disposition": 'attachment; filename="recording.tocsin"'} | NO_STORE
        return Stream(in_turns(parts), media_type="application/octet-stream", headers=headers)

    @post("/recover", status_code=200)
    async def recover(request: PlainRequest) -> Any:
        return _json(await state.recover(room, capability_of(_headers(request))))

    return [begin, show_state, give_share, change_wraps, ask_erasure, fetch_sealed, recover]


async def _send_text(send: Send, text: bytes) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text, "more_body": False})


async def _body(request: PlainRequest, shape: Any) -> Any:
    return await read_json(request.scope, request.receive, shape, START_LIMIT, BodyMalformed)


def _headers(request: PlainRequest) -> list[tuple[bytes, bytes]]:
    return list(request.scope["headers"])


def _json(answer: Any, status: int = 200) -> Any:

    return Response(answer, status_code=status, headers=NO_STORE)
