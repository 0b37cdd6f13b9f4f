"""The room over HTTP, behind a stand-in for the session's door: two ends, what the node hears, what it may not."""

import base64
import contextlib
import hashlib
import hmac
import json
from hashlib import sha256
from typing import Any

import httpx
import pytest

from tests.calls.world import EARS, LAWYER, LISTENER, capability, on_duty, wait
from tocsin.calls import read, routes
from tocsin.calls.model import OnDuty
from tocsin.calls.room import Calls
from tocsin.ids import b64

pytestmark = pytest.mark.anyio
PHONE, END, GUEST = b"P" * 32, b"E" * 32, b"G" * 32
DUTY = {"role": "lawyer", "languages": ["es"], "places": ["us-mn"], "kinds": ["stopped"], "from_s": 0, "until_s": 3600}
CALL = b64(b"C" * 16)
FIELDS = {"/answer": {"digest": b64(bytes(32))}, "/messages": {"sealed": b64(b"x")}}


async def ask(client: httpx.AsyncClient, path: str, body: Any = None, secret: bytes = b"") -> httpx.Response:
    content = json.dumps(({} if path.startswith(("/shift", "/duty")) else {"call": CALL}) | (body or {})).encode()
    headers = {"content-length": str(len(content))} | ({"authorization": f"Tocsin {b64(secret)}"} if secret else {})
    return await client.post(f"/calls{path}", content=content, headers=headers)


async def hear(
    client: httpx.AsyncClient,
    path: str,
    secret: bytes,
    monkeypatch: pytest.MonkeyPatch,
    last: int = 0,
    life: str = "",
) -> dict[str, Any]:
    """The first event of a stream that ends at once."""
    monkeypatch.setattr(routes, "STREAM_S", 0.001)
    headers = {"authorization": f"Tocsin {b64(secret)}", "last-event-id": f"{CALL}.{life}.{last}"}
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
    taken = (await ask(client, "/answer", {"digest": digest(END)}, capability(1))).json()
    assert (taken["offer"], taken["you"]) == (b64(b"offer"), 1)
    assert (await ask(client, "/messages", {"sealed": b64(b"sealed")}, END)).json()["n"] == 1
    heard = await hear(client, "/events", PHONE, monkeypatch)
    assert heard["messages"] == [{"n": 1, "from": 1, "sealed": b64(b"sealed")}]
    assert heard["parties"] == [{"number": 0, "role": "caller"}, {"number": 1, "role": "lawyer"}]
    invited = {"role": "interpreter", "digest": digest(GUEST)}
    assert (await ask(client, "/invite", invited, PHONE)).json()["code"] == "call_not_yours"
    assert (await ask(client, "/invite", invited, END)).json() == {"number": 2}
    assert (await ask(client, "/end", None, GUEST)).status_code == 200
    assert (await hear(client, "/events", PHONE, monkeypatch, 1))["state"] == "answered"
    assert (await ask(client, "/end", None, END)).status_code == 200
    assert (await hear(client, "/events", PHONE, monkeypatch, 1))["state"] == "ended"
    wait(calls, 31)
    assert (await ask(client, "/messages", {"sealed": b64(b"x")}, PHONE)).json()["code"] == "call_unknown"


async def test_who_is_not_on_the_call_or_on_duty_is_told_nothing(client: httpx.AsyncClient, calls: Calls) -> None:
    await begun(client, calls)
    refused = {
        ("/shift/free", b"x" * 32): (403, "not_on_duty"),
        ("/shift/free", b""): (403, "not_on_duty"),
        ("/messages", b"x" * 32): (403, "call_not_yours"),
        ("/relay", capability(1)): (403, "call_not_yours"),
        ("/answer", b"x" * 32): (403, "not_on_duty"),
    }
    for (path, secret), wanted in refused.items():
        answer = await ask(client, path, FIELDS.get(path), secret)
        assert (answer.status_code, answer.json()["code"]) == wanted, path
    for call in (b64(bytes(16)), "nonsense", ""):
        answer = await ask(client, "/end", {"call": call}, PHONE)
        assert (answer.status_code, answer.json()["code"]) == (404, "call_unknown"), call
    for path, status in (("/events", 404), ("/shift/events", 403)):
        assert (await client.get(f"/calls{path}")).status_code == status


async def test_what_was_said_before_somebody_came_is_not_told_to_them_and_another_life_counts_anew(
    client: httpx.AsyncClient, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(client, calls)
    await ask(client, "/answer", {"digest": digest(END)}, capability(1))
    for said in (b"one", b"two"):
        await ask(client, "/messages", {"sealed": b64(said)}, END)
    await ask(client, "/invite", {"role": "interpreter", "digest": digest(GUEST)}, END)
    await ask(client, "/messages", {"sealed": b64(b"three")}, END)

    async def heard(secret: bytes, last: int, life: str) -> list[int]:
        return [one["n"] for one in (await hear(client, "/events", secret, monkeypatch, last, life))["messages"]]

    assert await heard(GUEST, 0, "") == [3]
    assert await heard(PHONE, 1, b64(calls.boot)) == [2, 3]
    assert await heard(PHONE, 3, b64(b"12345678")) == [1, 2, 3], "a number of a life before this one says nothing"


def test_no_address_names_a_call(calls: Calls) -> None:
    """What stands in an address is kept by those who route it: the framework keeps the last it saw, in memory."""

    def door(_: Any) -> OnDuty:
        return LAWYER

    paths = [path for one in routes.routes(calls, door, {"en": {}}) for path in one.paths]
    assert len(paths) > 12
    assert not [path for path in paths if "{" in path]


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
    one, two = [(await ask(client, "/relay", None, PHONE)).json() for _ in range(2)]
    wanted = hmac.new(calls.relay.secret.encode(), one["username"].encode(), hashlib.sha1).digest()
    assert one["credential"] == base64.b64encode(wanted).decode()
    assert int(one["username"].split(":")[0]) - calls.now_ms // 1000 == one["life_s"] == 3600
    assert one["username"] != two["username"]


async def test_a_flood_of_calls_is_braked(client: httpx.AsyncClient) -> None:
    body = {"digest": digest(PHONE), "language": "es", "place": "us-mn", "kind": "other", "card": "", "offer": ""}
    codes = [(await ask(client, "", body | {"call": b64(number.to_bytes(16))})).status_code for number in range(121)]
    assert codes == [200] * 120 + [503]


async def test_who_waits_is_told_of_who_came_meanwhile(
    client: httpx.AsyncClient, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of their own call has changed: only that somebody is there now, or that a call before theirs is over."""
    monkeypatch.setattr("tocsin.calls.room.BEAT_S", 0.01)
    body = {"digest": digest(PHONE), "language": "es", "place": "us-mn", "kind": "other", "card": "", "offer": ""}
    await ask(client, "", body)
    found, party = calls.end_of(read.call_of(CALL), PHONE)
    async with contextlib.aclosing(routes.events_of(calls, found, party, 0)) as heard:
        first = await anext(heard)
        assert first is not None
        assert first["listeners"] == []
        assert await anext(heard) is None, "a beat"
        on_duty(calls, capability(9), languages=("es",), who=LISTENER)
        told = await anext(heard)
        assert told is not None
        assert told["listeners"] == [EARS]


async def test_every_device_of_a_lawyer_rings(
    client: httpx.AsyncClient, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has the same shift, whose capability comes from their identity."""
    await begun(client, calls)
    rang = [(await hear(client, "/shift/events", capability(1), monkeypatch))["ring"]["call"] for _ in range(2)]
    assert rang == [CALL, CALL]
    assert (await ask(client, "/answer", {"digest": digest(END)}, capability(1))).status_code == 200
    assert (await hear(client, "/shift/events", capability(1), monkeypatch))["ring"] is None, (
        "the other one falls silent"
    )
