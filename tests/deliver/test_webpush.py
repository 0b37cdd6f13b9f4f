"""The sender of web push: the RFC's own answer, one size and one look for every message, nowhere but where it may go."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.deliver.conftest import MovableClock
from tests.deliver.services import Browser, Service, serving
from tocsin.clock import SystemClock
from tocsin.deliver import message_encryption as encryption
from tocsin.deliver.endpoint import MOST_URL, Allowed, Endpoint, EndpointWrong, Keys, Told
from tocsin.deliver.lane import Answer
from tocsin.deliver.vapid import Vapid
from tocsin.deliver.webpush import Quota, QuotaSpent, Sender
from tocsin.ids import b64, unb64

pytestmark = pytest.mark.anyio
VECTOR = json.loads((Path(__file__).parents[2] / "vectors/push/rfc8291_appendix_a.json").read_text())
FCM = "https://fcm.googleapis.com"


def private_of(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unb64(text)), encryption.CURVE)


@asynccontextmanager
async def sending(service: Service, clock: MovableClock, most: int = 2_000) -> AsyncIterator[Sender]:
    made = Sender(
        Vapid(lambda: b"v" * 32, "mailto:op@city.example", clock),
        Allowed([service.origin]),
        clock,
        quota=Quota(clock, most),
    )
    try:
        yield made
    finally:
        made.close()


def test_the_answer_of_rfc_8291_appendix_a() -> None:
    subscriber, auth, salt = (unb64(VECTOR[name]) for name in ("ua_public", "auth_secret", "salt"))
    prepared = encryption.prepare(subscriber, auth, salt, ephemeral=private_of(VECTOR["as_private"]))
    record = VECTOR["plaintext"].encode() + encryption.DELIMITER
    assert b64(encryption.seal(prepared, record)) == VECTOR["body"]
    assert Browser(private_of(VECTOR["ua_private"]), auth).open(unb64(VECTOR["body"])) == VECTOR["plaintext"].encode()


async def test_each_message_opens_for_its_browser_alone_and_all_look_the_same(clock: MovableClock) -> None:
    browsers = [Browser() for _ in range(6)]
    payloads = [b"{}", b"x" * 2_900, b"{}", b"y" * 2_969, b"", b"\x02\x02"]
    async with serving() as service, sending(service, clock) as sender:
        for number, (browser, payload) in enumerate(zip(browsers, payloads, strict=True)):
            endpoint = sender.allowed.endpoint_of(browser.told(f"{service.origin}/send/{number}"))
            assert await sender.send(endpoint, payload, ttl_s=3600) is Answer.TAKEN
    opened = [browser.open(body) for browser, (_, body, _) in zip(browsers, service.came, strict=True)]
    assert opened == payloads
    assert {len(body) for _, body, _ in service.came} == {encryption.BODY_BYTES}
    assert len({tuple(sorted(headers.items())) for headers, _, _ in service.came}) == 1, (
        "no header tells one from another"
    )
    assert len({body[21:86] for _, body, _ in service.came}) == 6, "a key of its own for each"
    with pytest.raises(InvalidTag):
        browsers[0].open(service.came[1][1])


async def test_who_sends_is_signed_once_for_each_service_and_renewed(clock: MovableClock) -> None:
    vapid = Vapid(lambda: b"v" * 32, "mailto:op@city.example", clock)
    line = vapid.line(FCM)
    assert vapid.line(FCM) == line
    assert vapid.line("https://web.push.apple.com") != line
    token, public = (part.split("=", 1)[1] for part in line.removeprefix("vapid ").split(", "))
    assert public == vapid.public
    signed, _, signature = token.rpartition(".")
    raw = unb64(signature)
    key = ec.EllipticCurvePublicKey.from_encoded_point(encryption.CURVE, unb64(public))
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    claims = json.loads(unb64(signed.split(".")[1]))
    assert claims == {"aud": FCM, "exp": clock.ms // 1000 + 12 * 3600, "sub": "mailto:op@city.example"}
    clock.ms += 11 * 3600 * 1000
    assert vapid.line(FCM) != line
    clock.ms -= 48 * 3600 * 1000
    assert json.loads(unb64(vapid.line(FCM).split(".")[1]))["exp"] == clock.ms // 1000 + 12 * 3600, "a clock set back"


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (b"201 Created", Answer.TAKEN),
        (b"404 Not Found", Answer.GONE),
        (b"410 Gone", Answer.GONE),
        (b"429 Too Many Requests", Answer.SLOW),
        (b"503 Busy\r\nRetry-After: 7", Answer.SLOW),
        (b"500 Broken", Answer.FAILED),
        (b"403 Forbidden", Answer.REFUSED),
        (b"301 Moved\r\nLocation: http://127.0.0.1/", Answer.REFUSED),
    ],
)
async def test_what_a_service_answers_means_one_thing(clock: MovableClock, status: bytes, answer: Answer) -> None:
    async with serving(status + b"\r\nContent-Length: 0") as service, sending(service, clock) as sender:
        endpoint = sender.allowed.endpoint_of(Browser().told(f"{service.origin}/a"))
        assert await sender.send(endpoint, b"{}", ttl_s=60) is answer
        assert len(service.came) == 1, "no answer leads anywhere else"


async def test_a_service_that_asks_for_less_is_not_asked_until_then(clock: MovableClock) -> None:
    async with (
        serving(b"429 Slow\r\nRetry-After: 200\r\nContent-Length: 0") as service,
        sending(service, clock) as sender,
    ):
        endpoint = sender.allowed.endpoint_of(Browser().told(f"{service.origin}/a"))
        assert await sender.send(endpoint, b"{}", ttl_s=60) is Answer.SLOW
        assert 190 < sender.lane(service.origin).pause_s <= 200
        assert await sender.send(endpoint, b"{}", ttl_s=60) is Answer.SLOW
    assert len(service.came) == 1


async def test_a_service_that_hangs_up_or_is_not_there_fails_and_nothing_else(clock: MovableClock) -> None:
    async with serving(b"") as service, sending(service, clock) as sender:
        endpoint = sender.allowed.endpoint_of(Browser().told(f"{service.origin}/a"))
        assert await sender.send(endpoint, b"{}", ttl_s=60) is Answer.FAILED
    async with sending(service, clock) as sender:
        assert await sender.send(endpoint, b"{}", ttl_s=60) is Answer.FAILED


async def test_single_messages_have_a_quota_so_that_none_of_them_reaches_a_city(clock: MovableClock) -> None:
    async with serving() as service, sending(service, clock, most=3) as sender:
        endpoint = sender.allowed.endpoint_of(Browser().told(f"{service.origin}/a"))
        for _ in range(3):
            await sender.send(endpoint, b"{}", ttl_s=60)
        with pytest.raises(QuotaSpent) as refused:
            await sender.send(endpoint, b"{}", ttl_s=60)
        assert refused.value.fields["retry_after"] == 3601
        clock.s += 3600
        assert await sender.send(endpoint, b"{}", ttl_s=60) is Answer.TAKEN


@pytest.mark.parametrize(
    "url",
    [
        "http://fcm.googleapis.com/fcm/send/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evil.example/x",
        "https://user@fcm.googleapis.com/x",
        "https://fcm.googleapis.com@evil.example/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://.push.apple.com/x\r\nHost: evil",
        "https://push.apple.com/x",
        "https://a/b.push.apple.com/x",
        "https://fcm.googleapis.com/x#y",
        "https://fcm.googleapis.com/x y",
        "https://fcm.googleapis.com/\u0130",
        "https://fcm.googleapis.com",
        "https://fcm.googleapis.com/" + "x" * MOST_URL,
        "file:///etc/passwd",
        "https://[",
    ],
)
def test_an_address_that_is_no_push_service_is_refused(url: str) -> None:
    with pytest.raises(EndpointWrong):
        Allowed().endpoint_of(Browser().told(url))


@pytest.mark.parametrize("keys", [Keys("AA", "AA"), Keys("!", "AA"), Keys(b64(b"\x02" + bytes(64)), b64(bytes(16)))])
def test_a_subscription_without_its_keys_is_refused(keys: Keys) -> None:
    with pytest.raises(EndpointWrong):
        Allowed().endpoint_of(Told(f"{FCM}/x", keys))


def test_known_services_are_allowed_and_an_endpoint_shows_nothing() -> None:
    for origin in (
        FCM,
        "https://updates.push.services.mozilla.com",
        "https://web.push.apple.com",
        "https://db5p.notify.windows.com",
    ):
        endpoint = Allowed().endpoint_of(Browser().told(f"{origin}/secret/path?x=1"))
        assert endpoint.origin == origin
        assert "secret" not in repr(endpoint)


@pytest.mark.parametrize(
    "inside",
    [
        "10.0.0.7", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "192.168.1.1", "100.64.0.1", "224.0.0.1", "ff02::1",
        "::ffff:10.0.0.7", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::",
    ],
)  # fmt: skip
async def test_a_name_that_leads_inside_is_not_followed_however_often_it_changes(inside: str) -> None:
    asked: list[str] = []

    async def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["142.250.1.1"] if len(asked) == 1 else ["142.250.1.1", inside]

    allowed = Allowed(resolve=resolve)
    assert await allowed.addresses(FCM) == [("142.250.1.1", 443)], (
        "the address that was looked at is the one connected to"
    )
    with pytest.raises(EndpointWrong):
        await allowed.addresses(FCM)


async def test_a_name_that_leads_inside_opens_no_connection(clock: MovableClock) -> None:
    async def resolve(_: str, __: int) -> list[str]:
        return ["127.0.0.1"]

    async with serving() as service:
        allowed = Allowed(["https://push.city.example:" + service.origin.rpartition(":")[2]], resolve)
        sender = Sender(Vapid(lambda: b"v" * 32, "", clock), allowed, clock)
        [origin] = {one for one in allowed._exact if "city" in one}
        told = Browser().told(f"{origin}/x")
        assert await sender.send(allowed.endpoint_of(told), b"{}", ttl_s=60) is Answer.FAILED
        sender.close()
        assert service.connections == 0


async def test_plain_http_goes_to_the_loopback_alone() -> None:
    for origin in ("http://10.0.0.1", "http://city.example"):
        with pytest.raises((EndpointWrong, OSError)):
            await Allowed([origin]).addresses(origin)


def test_a_payload_beyond_the_one_size_is_refused() -> None:
    with pytest.raises(ValueError, match="one size"):
        encryption.padded(b"x" * encryption.PADDED_BYTES)
    assert {len(encryption.padded(b"x" * size)) for size in (0, 1, 2_900)} == {encryption.PADDED_BYTES}


def test_a_point_that_is_none_is_refused() -> None:
    wrong = Endpoint(FCM, "/x", b"\x04" + bytes(64), bytes(16))
    sender = Sender(Vapid(lambda: b"v" * 32, "", SystemClock()), Allowed(), SystemClock())
    with pytest.raises(ValueError, match="key"):
        sender.prepare(wrong)
