"""The log's public addresses (`docs/spec/log.md`): checkpoints, tiles, timestamps, and the desk's keys with their proofs."""

import asyncio
from pathlib import Path
from typing import Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from tocsin.encounters.model import NotReady
from tocsin.node import Node
from tocsin.people import desk_keys, steward_keys
from tocsin.tlog import public
from tocsin.tlog.log import BeatUnknown, Log

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"


def log_routes(node: Node) -> list[HTTPRouteHandler]:
    """The handlers. While the log's key is locked they answer 503."""

    @get("/log/checkpoint", sync_to_thread=False, include_in_schema=False)
    def checkpoint() -> Response[str]:
        return Response(_log(node).published_note(), media_type=TEXT)

    @get("/log/beats/{size:str}", include_in_schema=False)
    async def beat(size: FromPath[str]) -> Response[str]:
        return Response(await asyncio.to_thread(_log(node).checkpoint_note, _number(size)), media_type=TEXT)

    @get("/log/timestamps/{size:str}", include_in_schema=False)
    async def timestamps(size: FromPath[str]) -> Response[bytes]:
        found = await asyncio.to_thread(_log(node).timestamps, _number(size))
        return Response(found, media_type="application/json")

    @get("/log/tile/{path:path}", include_in_schema=False)
    async def tile(path: FromPath[Path]) -> Response[bytes]:
        return Response(await asyncio.to_thread(_log(node).tile, str(path).lstrip("/")), media_type=BYTES)

    @get("/log/keys", sync_to_thread=False, include_in_schema=False)
    def keys() -> Response[dict[str, Any]]:
        return Response(log_keys(node))

    @get("/desk-keys", include_in_schema=False)
    async def desk() -> Response[dict[str, Any]]:
        return Response(await desk_answer(node))

    return [checkpoint, beat, timestamps, tile, keys, desk]


def log_keys(node: Node) -> dict[str, Any]:
    """Where a reader finds the keys this node claims; compare them with an outside publication."""
    return {
        "log": str(_log(node).vkey),
        "receipts": [node.encounters.receipts.vkey],
        "witnesses": [vkey for witness in node.settings.witnesses for vkey in witness.vkeys],
    }


async def desk_answer(node: Node) -> dict[str, Any]:
    """The body of `GET /desk-keys`."""
    kinds = (steward_keys.KIND, desk_keys.KIND)
    standing = await node.database.read(lambda c: [one for kind in kinds for one in public.standing(c, kind)])
    log, known = _log(node), tuple((one.leaf, one.cosigned_size) for one in standing)
    key = (log.published_note() if node.seen_size is None else node.seen_size, known)
    if node.desk_shown is None or node.desk_shown[0] != key:  # proofs are computed once a beat, not once a phone
        node.desk_shown = key, await asyncio.to_thread(desk_keys.answer, log, standing, node.seen_size)
    return node.desk_shown[1]


def _log(node: Node) -> Log:
    if node.log is None:
        raise NotReady(retry_after=60)
    return node.log


def _number(text: str) -> int:
    # A raised one is a digit to `isdigit` and no number to `int`.
    if not text.isascii() or not text.isdigit() or len(text) > 15 or str(int(text)) != text:
        raise BeatUnknown
    return int(text)
