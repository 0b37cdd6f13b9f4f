"""`./run bench push`: messages a second to a push service on the loopback, beside PyPI pywebpush and npm web-push, on the same core.

Ours is the channel's own sender, end to end: the sealed box opened, the message sealed, the request written, the answer read; with
what was made ahead in idle time (how a node sends) and without. pywebpush runs in its faster form, one session kept; web-push with its
agent kept. The service takes everything and is the same for all; web-push speaks TLS alone, so it is compared over TLS, where
ours speaks HTTP/2 as push services do and web-push HTTP/1.1, which is what it has. A message
carries 1,000 bytes; ours is padded to 3,072. The best round of each counts. `--short`: fewer messages.
"""

import asyncio
import os
import resource
import socket
import ssl
import statistics
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import uvloop
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench._machine import CLIENT_CORE, SERVER_CORE, described, own_folder, pin, resident_mb, say
from bench._report import Headline, asked, finish, table
from bench._servers import PEERS, READY_S, free_port
from tocsin.clock import SystemClock
from tocsin.deliver import message_encryption as encryption
from tocsin.deliver.ahead import Ahead
from tocsin.deliver.endpoint import Allowed, Endpoint
from tocsin.deliver.model import Kind, Message
from tocsin.deliver.push import PushChannel
from tocsin.deliver.subscription import Subscriptions
from tocsin.deliver.vapid import Vapid
from tocsin.deliver.webpush import Sender, offering_http2
from tocsin.store.db import Database

CLOCK = SystemClock()
CITY = 285_000
GOAL = 20
PAYLOAD = b"x" * 1_000


class Size(NamedTuple):
    """How many subscribers and rounds; messages of a round of a peer."""

    subscribers: int
    rounds: int
    peer: int


SHORT, FULL = Size(2_000, 2, 200), Size(20_000, 5, 1_500)


class Round(NamedTuple):
    """One round of ours: messages a second, and processor time of one in microseconds."""

    rate: float
    cpu_us: float


class Turn:
    """Nothing has to be durable here."""

    came_to = b""

    async def reached(self, place: bytes) -> bool:  # noqa: ARG002  a turn's signature
        return True


def main() -> None:
    given = asked("Web push beside its peers.")
    size = SHORT if given.is_short else FULL
    size = size._replace(rounds=given.runs or size.rounds)
    with own_folder() as folder, ExitStack() as stack:
        print(described(folder), flush=True)
        certificate, key = certificates(folder)
        ports = {"http": stack.enter_context(service()), "https": stack.enter_context(service(certificate, key))}
        pin(CLIENT_CORE)
        say("Ours.")
        origins = {scheme: f"{scheme}://127.0.0.1:{port}" for scheme, port in ports.items()}
        ours = {
            scheme: uvloop.run(measured(folder / scheme, one, certificate, size)) for scheme, one in origins.items()
        }
        say("Peers.")
        python = max(pywebpush(ports["http"], size.peer) for _ in range(size.rounds))
        node = max(web_push(ports["https"], size.peer, certificate) for _ in range(size.rounds))
        finish(given, shown(ours, python, node, size))


def shown(ours: dict[str, "Measured"], python: Round, node: Round, size: Size) -> list[Headline]:
    plain, sealed = ours["http"], ours["https"]
    ecdh_us, cold_us = 1e6 / openssl_ecdh(), plain.cold.cpu_us
    by_processor = python.cpu_us / plain.ahead.cpu_us, node.cpu_us / sealed.ahead.cpu_us
    rows = [
        ["made ahead, messages a second", f"{plain.ahead.rate:.0f}", f"{sealed.ahead.rate:.0f}"],
        ["made ahead, processor time of one, us", f"{plain.ahead.cpu_us:.0f}", f"{sealed.ahead.cpu_us:.0f}"],
        ["cold, messages a second", f"{plain.cold.rate:.0f}", f"{sealed.cold.rate:.0f}"],
        ["cold, processor time of one, us", f"{plain.cold.cpu_us:.0f}", f"{sealed.cold.cpu_us:.0f}"],
        ["cold to one ECDH of `openssl speed ecdhp256`", f"{plain.cold.cpu_us / ecdh_us:.1f}", ""],
        ["pywebpush, one session, a second", f"{python.rate:.0f}", ""],
        ["pywebpush, processor time of one, us", f"{python.cpu_us:.0f}", ""],
        ["web-push, one agent, a second", "", f"{node.rate:.0f}"],
        ["web-push, processor time of one, us", "", f"{node.cpu_us:.0f}"],
        ["processor time, theirs to ours made ahead", *(f"{one:.1f}" for one in by_processor)],
        ["memory of what is made ahead, bytes a subscriber", f"{plain.memory:.0f}", ""],
        [f"{CITY:,} subscribers, made ahead, s", f"{CITY / plain.ahead.rate:.0f}", f"{CITY / sealed.ahead.rate:.0f}"],
        [f"{CITY:,} subscribers, cold, s", f"{CITY / plain.cold.rate:.0f}", f"{CITY / sealed.cold.rate:.0f}"],
    ]
    table(["", "http", "https"], rows)
    print(f"\n{size.subscribers} subscribers; projected times are computed from the rate, not run.")
    unit = "messages/s"
    versus = round(plain.ahead.rate / python.rate, 1), round(sealed.ahead.rate / node.rate, 1)
    return [
        Headline("push_vs_pywebpush", round(plain.ahead.rate), round(python.rate), versus[0], unit),
        Headline("push_vs_web_push", round(sealed.ahead.rate), round(node.rate), versus[1], unit),
        Headline("push_cold_cpu_vs_ecdh", round(cold_us, 1), round(ecdh_us, 1), round(ecdh_us / cold_us, 2), "us"),
    ]


class Measured(NamedTuple):
    ahead: Round
    cold: Round
    memory: float


async def measured(folder: Path, origin: str, certificate: Path, size: Size) -> Measured:
    """A city of subscribers in a database on the disk, sent to as the outbox does it."""
    folder.mkdir(exist_ok=True)
    database = Database.open(f"sqlite:///{folder / 'city.db'}")
    database.migrate()
    subscriptions = Subscriptions(database, lambda: b"k" * 32, CLOCK)
    trusted = ssl.create_default_context(cafile=str(certificate))
    http2 = offering_http2(ssl.create_default_context(cafile=str(certificate)))
    sender = Sender(Vapid(lambda: b"v" * 32, "", CLOCK), Allowed([origin]), CLOCK, tls=trusted, http2=http2)
    points = [point() for _ in range(50)]
    for start in range(0, size.subscribers, 500):
        ends = {n: Endpoint(origin, f"/send/{n:0150}", points[n % 50], b"a" * 16) for n in range(start, start + 500)}
        await asyncio.gather(*(subscriptions.put(n.to_bytes(32), one, "z") for n, one in ends.items()))
    ahead = Ahead(sender, subscriptions)
    channel = PushChannel(sender, subscriptions, ahead, CLOCK)
    await once(channel, 200)
    cold = [await once(channel, size.subscribers) for _ in range(size.rounds)]
    prepared, memory = [], 0.0
    for _ in range(size.rounds):
        before = resident_mb_now()
        await ahead.fill(0)
        memory = max(memory, (resident_mb_now() - before) * 1e6 / size.subscribers)
        prepared.append(await once(channel, size.subscribers))
    sender.close()
    database.close()
    return Measured(max(prepared), max(cold), memory)


async def once(channel: PushChannel, count: int) -> Round:
    """One message to everybody."""
    message = Message(CLOCK.random_bytes(16), Kind.ALERT, PAYLOAD, CLOCK.now_ms() + 3_600_000)
    began, worked = time.perf_counter(), time.process_time()
    await channel.send(message, Turn())
    assert not channel.held
    return Round(count / (time.perf_counter() - began), (time.process_time() - worked) * 1e6 / count)


def pywebpush(port: int, count: int) -> Round:
    """Messages a second of PyPI pywebpush with one requests session, the key parsed once."""
    import requests
    from py_vapid import Vapid as TheirVapid  # type: ignore[import-untyped]  # ships no types
    from pywebpush import webpush  # type: ignore[import-untyped]  # ships no types

    session, key = requests.Session(), TheirVapid()
    key.generate_keys()
    points = [text(point()) for _ in range(50)]
    address = f"http://127.0.0.1:{port}/send/"

    def send(number: int) -> None:
        told = {"endpoint": f"{address}{number}", "keys": {"p256dh": points[number % 50], "auth": text(b"a" * 16)}}
        claims: dict[str, str | int] = {"sub": "mailto:op@city.example"}
        webpush(told, PAYLOAD, vapid_private_key=key, vapid_claims=claims, ttl=3600, requests_session=session)

    return rate(send, count)


def web_push(port: int, count: int, certificate: Path) -> Round:
    """Messages a second of npm web-push, 32 at once, its agent kept."""
    command = ["node", "web_push.js", str(port), str(count), "32"]
    environment = os.environ | {"NODE_EXTRA_CA_CERTS": str(certificate)}
    before = children_s()
    ran = subprocess.run(command, cwd=PEERS, env=environment, capture_output=True, text=True, check=True)
    worked = children_s() - before
    return Round(float(ran.stdout), worked * 1e6 / (count + min(200, count)))  # the start of node is in it


def rate(send: Callable[[int], None], count: int) -> Round:
    for number in range(20):
        send(number)
    began, worked = time.perf_counter(), time.process_time()
    for number in range(count):
        send(number)
    return Round(count / (time.perf_counter() - began), (time.process_time() - worked) * 1e6 / count)


def children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def openssl_ecdh() -> float:
    """ECDH operations a second, the middle of three."""
    found = []
    for _ in range(3):
        ran = subprocess.run(
            ["openssl", "speed", "-seconds", "1", "ecdhp256"], capture_output=True, text=True, check=True
        )
        found.append(float(ran.stdout.split()[-1]))
    return statistics.median(found)


@contextmanager
def service(*tls: Path) -> Iterator[int]:
    """The port of a push service on the server's core."""
    port = free_port()
    command = [sys.executable, str(PEERS / "push_service.py"), str(port), *map(str, tls)]
    child = subprocess.Popen(command, preexec_fn=lambda: pin(SERVER_CORE))  # noqa: PLW1509  no thread runs here yet
    deadline = time.monotonic() + READY_S
    while not answers(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    try:
        yield port
    finally:
        child.kill()
        child.wait()


def answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def certificates(folder: Path) -> tuple[Path, Path]:
    """A certificate for the loopback, and its key."""
    certificate, key = folder / "service.pem", folder / "service.key"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run([*made, *subject, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key


def point() -> bytes:
    key = ec.generate_private_key(encryption.CURVE).public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def resident_mb_now() -> float:
    return resident_mb(os.getpid())


if __name__ == "__main__":
    main()
