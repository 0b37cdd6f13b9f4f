"""What people do with the links that the demo prints, over the node's own addresses."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

import httpx

from tests.passport.member import Phone
from tests.seizure.rooms.passport import FromOutside
from tocsin.clock import SystemClock
from tocsin.crypto import tokens
from tocsin.demo import members, staff
from tocsin.demo.town import COHORTS, DISPATCHER, STEWARDS, Town
from tocsin.ids import b64, unb64
from tocsin.passport.model import SETS, Role


class GoneOut(NamedTuple):
    """An alert that stands: its number at the desk, and the cookie of the dispatcher who may take it back."""

    alert: str
    desk: str


def an_alert_goes_out(town: Town, links: list[str]) -> GoneOut | None:
    """By what the demo prints and nothing else: somebody reports, confirmers look, the dispatcher and a steward let it go.

    None where the draw of groups fell on one side, as it does once in 128 starts.
    """
    if len(links) < COHORTS:
        return None
    people = {one.pseudonym: one for one in staff.known(town)}
    with staff.client_of(town) as client:
        desk, steward = (members.sign_in(client, people[name]) for name in (DISPATCHER, STEWARDS[0]))
        area = client.get("/alerts/areas").json()["areas"][0]["id"]
        ticket = client.get("/alerts/ticket").json()["ticket"]
        report = {"key": b64(SystemClock().random_bytes(32)), "kind": "activity", "area": area, "ticket": ticket}
        assert client.post("/alerts/reports", json=report).status_code == 200

        def act(cookie: str, path: str, body: dict[str, Any]) -> Any:
            answer = client.post(f"/alert-desk/matters/{path}", json=body, headers={"Cookie": cookie})
            assert answer.status_code == 200, (path, answer.text)
            return answer.json()

        def line() -> dict[str, Any]:
            found: dict[str, Any] = client.get("/alert-desk/matters", headers={"Cookie": desk}).json()["lines"][0]
            return found

        matter = line()["matter"]
        act(desk, f"{matter}/take", {})
        phones = [with_a_passport(client, json.loads(unb64(link))) for link in links]
        crew = [on_duty(client, phone) for phone in phones]
        act(desk, f"{matter}/ask", {})
        for mine in crew:
            [asked] = client.post("/alerts/duty/asked", json={}, headers=mine).json()["asked"]
            for said in ("looking", "seen"):
                told = {"ask": asked["ask"], "answer": said}
                assert client.post("/alerts/duty/answer", json=told, headers=mine).status_code == 200
        of = {"digest": line()["digest"]}
        act(desk, f"{matter}/release", of)
        assert act(steward, f"{matter}/release", of)["is_published"]
        [wire] = client.get("/alerts/live").json()["alerts"]
        with client.stream("GET", "/alerts/news") as news:
            assert any(wire in told for told in news.iter_lines())
        return GoneOut(line()["alert"], desk)


def with_a_passport(client: httpx.Client, admitted: dict[str, Any]) -> Phone:
    """What a phone does with a link of the demo's."""

    def ask(path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        answer = client.get(path) if body is None else client.post(path, json=body)
        assert answer.status_code == 200, (path, answer.text)
        told: dict[str, Any] = answer.json()
        return told

    async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        return ask(path, body)

    phone = Phone(post, FromOutside(ask, SimpleNamespace(today=lambda: SystemClock().now_ms() // 86_400_000)))  # type: ignore[arg-type]
    phone.role, phone.cohort = Role(admitted["role"]), admitted["cohort"]
    phone.right = ("admission", unb64(admitted["admission"]))
    origin = client.get("/client-config").json()["origin"]
    with mock.patch("tests.passport.member.CHALLENGE", tokens.challenge(origin, origin)):
        asyncio.run(phone.fetch([role for role in SETS[phone.role] if role is not Role.VOUCHER]))
    return phone


def on_duty(client: httpx.Client, phone: Phone) -> dict[str, str]:
    """Spends a token; how its person is heard afterwards."""
    capability, token = SystemClock().random_bytes(32), phone.tokens[Role.CONFIRMER][0]
    mine = {"Authorization": f"Tocsin {b64(capability)}"}
    begun = {"token": b64(token), "secret": b64(SystemClock().random_bytes(32))}
    answer = client.post("/alerts/duty", json=begun, headers=mine)
    assert answer.status_code == 200, answer.text
    return mine
