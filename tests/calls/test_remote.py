"""B18: somebody who lives with the caller, or knows of the call, can neither begin nor read nor end anything from elsewhere."""

import json
from copy import deepcopy
from typing import Any

import pytest

from tests.calls.test_routes import CALL, END, PHONE, ask, begun, digest
from tests.calls.world import LAWYER, LISTENER, capability, on_duty
from tocsin.calls import routes
from tocsin.calls.room import Calls
from tocsin.ids import b64

pytestmark = pytest.mark.anyio

OPEN = frozenset({"/calls", "/calls/words/en"})
"""What anybody may ask: to ring for themselves, and sentences that are the same for everybody."""
BODIES: dict[str, dict[str, Any]] = {
    "answer": {"digest": digest(b"x")}, "messages": {"sealed": b64(b"x")}, "listener": {"offer": b64(b"x")},
    "resume": {"kept": b64(bytes(80))}, "invite": {"role": "lawyer", "digest": digest(b"x")},
}  # fmt: skip


async def test_whoever_knows_of_a_call_can_start_nothing_in_it_and_read_nothing_of_it(
    client: Any, calls: Calls
) -> None:
    """With every address that there is, and with whatever such a person may hold: a guess, a shift of theirs that this call does not
    ring, and the call's own number.
    """
    await begun(client, calls)
    on_duty(calls, capability(8), languages=("fr",), who=LAWYER)
    on_duty(calls, capability(9), languages=("es",), who=LISTENER)
    await ask(client, "/answer", {"digest": digest(END)}, capability(1))
    await ask(client, "/messages", {"sealed": b64(b"SECRET WORDS")}, PHONE)
    before = _seen(calls)
    tried = 0
    for path, method in _addresses(calls):
        for held in (b"", b"g" * 32, capability(8), capability(9)):
            if path in OPEN or (path.startswith("/calls/shift") and held in (capability(8), capability(9))):
                continue
            headers = {"authorization": f"Tocsin {b64(held)}"} if held else {}
            headers["last-event-id"] = f"{CALL}..0"
            name = path.rpartition("/")[2]
            body = json.dumps(({} if name == "resume" else {"call": CALL}) | BODIES.get(name, {}))
            answer = await client.request(method, path, content=body if method == "POST" else None, headers=headers)
            tried += 1
            assert 400 <= answer.status_code < 500, (path, answer.text)
            assert not {b64(b"card"), b64(b"offer"), b64(b"SECRET WORDS")} & set(answer.text.split('"')), path
    assert tried > 40
    assert _seen(calls) == before, "nothing has moved"


async def test_who_rang_and_passed_on_reads_nothing_of_it_later(client: Any, calls: Calls) -> None:
    await begun(client, calls)
    await ask(client, "/decline", {}, capability(1))
    answer = await ask(client, "/answer", {"digest": digest(END)}, capability(1))
    assert (answer.status_code, answer.json()["code"]) == (403, "call_not_yours")


def _addresses(calls: Calls) -> list[tuple[str, str]]:
    handlers = routes.routes(calls, lambda _: LAWYER, {"en": {}})
    asked = [(path, "GET" if "events" in path or "words" in path else "POST") for one in handlers for path in one.paths]
    return [
        one for one in asked if one[0] != "/calls/duty"
    ]  # a session's, not a stranger's: tests/web/test_every_route.py


def _seen(calls: Calls) -> Any:
    """All that the room holds, but when who was heard last."""
    held = deepcopy(calls.queue)
    for call in held.calls.values():
        for party in call.parties:
            party.heard_ms = 0
    return held
