"""The desk's addresses over HTTP, behind a stand-in for the session's door."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar, Request, Response

from tests.desk.lawyer import CLOCK, Lawyer, recorded
from tests.encounters.test_receive import send
from tests.web.sample import page_config
from tocsin.crypto import envelope
from tocsin.desk import routes
from tocsin.desk.board import Board
from tocsin.desk.model import Caller
from tocsin.desk.room import Desk
from tocsin.errors import TocsinError
from tocsin.ids import b64, unb64
from tocsin.node import Node
from tocsin.web import refusals

pytestmark = pytest.mark.anyio


class NotSignedIn(TocsinError):
    code = "not_signed_in"
    status = 401


@pytest.fixture
def database() -> str:
    """Addresses do not depend on the database."""
    return ""


@pytest.fixture
async def client(desk: Desk, board: Board) -> AsyncIterator[httpx.AsyncClient]:
    def door(request: Request[Any, Any, Any]) -> Caller:
        who = request.headers.get("x-who", "")
        if not who:
            raise NotSignedIn
        return Caller(who.ljust(16, "0"), is_lawyer=who != "steward", is_steward=who == "steward")

    def refused(_: Any, error: TocsinError) -> Response[bytes]:
        return Response(refusals.body_of(error, "x"), status_code=error.status, media_type="application/json")

    handlers = routes.routes(desk, board, door, page_config())
    application = Litestar(handlers, exception_handlers={TocsinError: refused}, openapi_config=None)
    transport = httpx.ASGITransport(application)  # type: ignore[arg-type]  # litestar's types are narrower
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as made:
        yield made


def asks(client: httpx.AsyncClient, who: str, recording: str) -> Any:
    """Ask about one recording as somebody."""

    async def ask(act: str, body: Any = None, capability: bytes = b"", method: str = "POST") -> httpx.Response:
        headers = {"x-who": who}
        if capability:
            headers["authorization"] = f"Tocsin {b64(capability)}"
        content = None if body is None else msgspec.json.encode(body)
        headers["content-length"] = str(len(content or b""))
        return await client.request(method, f"/desk/items/{recording}/{act}", content=content, headers=headers)

    return ask


async def test_a_recording_goes_from_list_to_lawyer_over_http(
    node: Node, client: httpx.AsyncClient, wren: Lawyer
) -> None:
    phone = await recorded(node, wren, final=False)
    listed = (await client.get("/desk/items", headers={"x-who": "wren"})).json()
    [told] = listed["lines"]
    assert (told["line"]["recording"], told["line"]["state"], told["line"]["quiet"]) == (
        b64(phone.id), "waiting", "coming",
    )  # fmt: skip
    ask = asks(client, "wren", b64(phone.id))
    assert (await ask("take", wren.take(phone.id))).json() == {"state": "taken", "turn": 1}
    capability = wren.capabilities[phone.id]
    found = (await ask("open", capability=capability)).json()
    assert envelope.open_wraps(wren.identity, unb64(found["wraps"])) == phone.rk
    await send(node, phone, raw := phone.second())
    assert (await ask("chunks/2", capability=capability, method="GET")).content == len(raw).to_bytes(4) + raw
    paper = b64(CLOCK.random_bytes(16))
    sealed = b64(envelope.seal_to([wren.recipient], b"{}"))
    assert (await ask(f"papers/{paper}", {"sealed": sealed, "turn": 0}, capability, "PUT")).json() == {"turn": 1}
    assert (await ask(f"papers/{paper}", {"sealed": sealed, "turn": 0}, capability, "PUT")).status_code == 409
    assert (await ask("papers", capability=capability, method="GET")).json()["papers"][0]["sealed"] == sealed
    assert (await ask(f"papers/{paper}", capability=capability, method="DELETE")).status_code == 200
    assert (await ask("sealed", capability=capability, method="GET")).content[:2] == b"PK"


async def test_who_may_not_is_told_why_in_a_code(node: Node, client: httpx.AsyncClient, wren: Lawyer) -> None:
    phone = await recorded(node, wren)
    number, right = b64(phone.id), wren.take(phone.id)
    refused = {
        ("", number, "take"): (401, "not_signed_in"),
        ("steward", number, "take"): (403, "desk_role_missing"),
        ("wren", "nonsense", "take"): (404, "item_unknown"),
        ("wren", b64(bytes(16)), "take"): (404, "item_unknown"),
        ("wren", number, "open"): (401, "capability_missing"),
        ("wren", number, "take-back"): (403, "desk_role_missing"),
        ("wren", number, "hand-over"): (401, "capability_missing"),
    }
    for (who, recording, act), wanted in refused.items():
        answer = await asks(client, who, recording)(act, right)
        assert (answer.status_code, answer.json()["code"]) == wanted, (who, act)
    for address in ("/desk/items", "/desk/late", "/desk/events"):
        assert (await client.get(address)).status_code == 401
    assert (await client.get("/desk/items", headers={"x-who": "steward"})).status_code == 403
    assert (await client.get("/desk/late", headers={"x-who": "steward"})).json() == {"late": 0}


async def test_events_begin_with_everything_and_go_on_from_the_last_one(
    node: Node, client: httpx.AsyncClient, wren: Lawyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "STREAM_S", 0.05)
    first = await recorded(node, wren)
    heard = (await client.get("/desk/events", headers={"x-who": "wren"})).text.split("\n")
    number = next(line.removeprefix("id: ") for line in heard if line.startswith("id: "))
    told = json.loads(next(line.removeprefix("data: ") for line in heard if line.startswith("data: ")))
    assert (told["all"], [one["line"]["recording"] for one in told["lines"]]) == (True, [b64(first.id)])
    second = await recorded(node, wren)
    again = (await client.get("/desk/events", headers={"x-who": "wren", "last-event-id": number})).text
    told = json.loads(again.partition("data: ")[2].partition("\n")[0])
    assert (told["all"], [one["line"]["recording"] for one in told["lines"]]) == (False, [b64(second.id)])
    other = (await client.get("/desk/events", headers={"x-who": "wren", "last-event-id": "other-1"})).text
    assert json.loads(other.partition("data: ")[2].partition("\n")[0])["all"]
