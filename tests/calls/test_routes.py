"""The room over HTTP, behind a stand-in for the session's door: two ends, what the node hears, what it may not."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import httpx
import pytest
from litestar import Litestar, Response

from tests.calls.world import LAWYER, HandClock, capability, room, wait
from tocsin.calls import routes
from tocsin.calls.model import OnDuty
from tocsin.calls.room import Calls
from tocsin.errors import TocsinError
from tocsin.ids import b64
from tocsin.web import refusals

pytestmark = pytest.mark.anyio
PHONE, END, GUEST = b"P" * 32, b"E" * 32, b"G" * 32
DUTY = {"role": "lawyer", "languages": ["es"], "places": ["us-mn"], "kinds": ["stopped"], "from_s": 0, "until_s": 3600}
CALL = b64(b"C" * 16)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def calls() -> Calls:
    return room(HandClock())


@pytest.fixture
async def client(calls: Calls) -> AsyncIterator[httpx.AsyncClient]:
    def door(_: Any) -> OnDuty:
        return LAWYER

    def refused(_: Any, error: TocsinError) -> Response[bytes]:
        return Response(refusals.body_of(error, "x"), status_code=error.status, media_type="application/json")

    handlers = routes.routes(calls, door, {"en": {"strings": {}}})
    application = Litestar(handlers, exception_handlers={TocsinError: refused}, openapi_config=None)
    transport = httpx.ASGITransport(application)  # type: ignore[arg-type]  # litestar's types are narrower
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as made:
        yield made


async def ask(client: httpx.AsyncClient, path: str, body: Any = None, secret: bytes = b"") -> httpx.Response:
    content = json.dumps(body or {}).encode()
    headers = {"content-length": str(len(content))} | ({"authorization": f"Tocsin {b64(secret)}"} if secret else {})
    return await client.post(f"/calls{path}", content=content, headers=headers)


async def hear(
    client: httpx.AsyncClient, path: str, secret: bytes, monkeypatch: pytest.MonkeyPatch, last: int = 0
) -> dict[str, Any]:
    """The first event of a stream that ends at once."""
    monkeypatch.setattr(routes, "STREAM_S", 0.001)
    headers = {"authorization": f"Tocsin {b64(secret)}", "last-event-id": f"{CALL}.{last}"}
    answer = await client.get(f"/calls{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = json.loads(answer.text.split("\n\n")[0].removeprefix("data: "))
    return found


def digest(secret: bytes) -> str:
    return b64(sha256(secret).digest())


async def begun(client: httpx.AsyncClient, calls: Calls) -> None:
    """A lawyer on duty with a device there, and a phone that rings."""
    assert (await ask(client, "/duty", DUTY | {"digest": digest(capability(1))})).status_code == 200
    calls.duty(capability(1)).devices = 1
    body = {"call": CALL, "digest": digest(PHONE), "language": "es", "place": "us-mn", "kind": "stopped"}
    told = (await ask(client, "", body | {"card": b64(b"card"), "offer": b64(b"offer")})).json()
    assert (told["state"], told["rung"], told["of"]) == ("ringing", 1, 1)


async def test_a_call_from_the_tap_to_its_end(
    client: httpx.AsyncClient, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(client, calls)
    ring = (await hear(client, "/shift/events", capability(1), monkeypatch))["ring"]
    assert (ring["call"], ring["language"], ring["kind"], ring["card"]) == (CALL, "es", "stopped", b64(b"card"))
    assert "offer" not in ring, "who is only rung is not handed what opens it"
    taken = (await ask(client, f"/{CALL}/answer", {"digest": digest(END)}, capability(1))).json()
    assert (taken["offer"], taken["you"]) == (b64(b"offer"), 1)
    assert (await ask(client, f"/{CALL}/messages", {"sealed": b64(b"sealed")}, END)).json() == {"n": 1}
    heard = await hear(client, "/events", PHONE, monkeypatch)
    assert heard["messages"] == [{"n": 1, "from": 1, "sealed": b64(b"sealed")}]
    assert heard["parties"] == [{"number": 0, "role": "caller"}, {"number": 1, "role": "lawyer"}]
    invited = {"role": "interpreter", "digest": digest(GUEST)}
    assert (await ask(client, f"/{CALL}/invite", invited, PHONE)).json()["code"] == "call_not_yours"
    assert (await ask(client, f"/{CALL}/invite", invited, END)).json() == {"number": 2}
    assert (await ask(client, f"/{CALL}/end", None, GUEST)).status_code == 200
    assert (await hear(client, "/events", PHONE, monkeypatch, 1))["state"] == "answered"
    assert (await ask(client, f"/{CALL}/end", None, END)).status_code == 200
    assert (await hear(client, "/events", PHONE, monkeypatch, 1))["state"] == "ended"
    wait(calls, 31)
    assert (await ask(client, f"/{CALL}/messages", {"sealed": b64(b"x")}, PHONE)).json()["code"] == "call_unknown"


async def test_who_is_not_on_the_call_or_on_duty_is_told_nothing(client: httpx.AsyncClient, calls: Calls) -> None:
    await begun(client, calls)
    refused = {
        ("/shift/free", b"x" * 32): (403, "not_on_duty"),
        ("/shift/free", b""): (403, "not_on_duty"),
        (f"/{CALL}/messages", b"x" * 32): (403, "call_not_yours"),
        (f"/{CALL}/relay", capability(1)): (403, "call_not_yours"),
        (f"/{CALL}/answer", b"x" * 32): (403, "not_on_duty"),
        (f"/{b64(bytes(16))}/answer", capability(1)): (404, "call_unknown"),
        ("/nonsense/end", PHONE): (404, "call_unknown"),
    }
    for (path, secret), wanted in refused.items():
        answer = await ask(client, path, {"digest": digest(END), "sealed": b64(b"x")}, secret)
        assert (answer.status_code, answer.json()["code"]) == wanted, path
    for path, status in (("/events", 404), ("/shift/events", 403)):
        assert (await client.get(f"/calls{path}")).status_code == status


@pytest.mark.parametrize(
    "bent",
    [
        {"languages": []}, {"languages": ["xx"]}, {"places": ["us-ny"]}, {"kinds": []}, {"until_s": 12 * 3600 + 1},
        {"until_s": 0}, {"from_s": -1}, {"role": "listener"},
    ],
)  # fmt: skip
async def test_duty_is_within_twelve_hours_and_what_one_is(client: httpx.AsyncClient, bent: dict[str, Any]) -> None:
    answer = await ask(client, "/duty", DUTY | {"digest": digest(capability(1))} | bent)
    assert (answer.status_code, answer.json()["code"]) == (400, "duty_wrong")


async def test_names_for_the_relay_are_short_lived_and_nobodys(client: httpx.AsyncClient, calls: Calls) -> None:
    """As coturn checks them: the password is an HMAC-SHA1 of the name, whose first part is when it ends (Unix s)."""
    await begun(client, calls)
    one, two = [(await ask(client, f"/{CALL}/relay", None, PHONE)).json() for _ in range(2)]
    wanted = hmac.new(calls.relay.secret.encode(), one["username"].encode(), hashlib.sha1).digest()
    assert one["credential"] == base64.b64encode(wanted).decode()
    assert int(one["username"].split(":")[0]) - calls.now_ms // 1000 == one["life_s"] == 3600
    assert one["username"] != two["username"]


async def test_a_flood_of_calls_is_braked(client: httpx.AsyncClient) -> None:
    body = {"digest": digest(PHONE), "language": "es", "place": "us-mn", "kind": "other", "card": "", "offer": ""}
    codes = [(await ask(client, "", body | {"call": b64(number.to_bytes(16))})).status_code for number in range(121)]
    assert codes == [200] * 120 + [503]
