"""Push messages, as the trial lives them: phones subscribe, try, leave; a push service takes what is sent, or says that one is gone.

No endpoint, and no link between an endpoint and its zone, on any disk. The push service is a process's neighbour elsewhere: what it
sees is its own (THREATS.md, T11).
"""

import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.seizure.acquire import Seized
from tests.seizure.chance import Measured
from tests.seizure.findings import Finding
from tests.seizure.http_client import Browser
from tests.seizure.inference import database_of
from tests.seizure.people import Person
from tests.seizure.rooms import Form, Life
from tests.seizure.town import Town
from tests.seizure.truths import Truths
from tocsin.clock import SystemClock
from tocsin.deliver.subscription import NONCE_BYTES
from tocsin.ids import b64
from tocsin.jurisdictions.load import load
from tocsin.jurisdictions.zones import zones_of

CLOCK = SystemClock()
SUBSCRIBED_A_DAY = {Form.SHORT: 7, Form.FULL: 30, Form.PLANTED: 0}


class Subscribed(NamedTuple):
    """One phone's subscription."""

    id: bytes
    person: Person
    began: int
    day: int
    last_ms: int


class Service(ThreadingHTTPServer):
    """A push service on the loopback. What is in `gone` it does not know any more."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Endpoint)
        self.gone: set[str] = set()
        self.came = 0


class _Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came += 1
        self.send_response(410 if self.path in self.server.gone else 201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """A push service's log is not this trial's."""


class Subscribers:
    """The room's workload."""

    named: frozenset[str] = frozenset()
    words: Mapping[str, str] = {"endpoint": "push endpoints and their keys"}

    def __init__(
        self, town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form
    ) -> None:
        self.town, self.truths, self.people, self.source, self.form = town, truths, persons, source, form
        self.figures: dict[str, Measured] = {}
        self.after_each_part: Callable[[], None] = lambda: None
        self.lives: list[Life] = []
        self.zones = [zone.id for zone in zones_of(load(town.settings.pack).areas)]
        self.service = Service(town.push_port)
        threading.Thread(target=self.service.serve_forever, daemon=True).start()
        town.beside.append(self._close)

    def live(self, day: int) -> None:
        for number in range(SUBSCRIBED_A_DAY[self.form]):
            self._subscribe(self.source.choice(self.people), day, number)
        self.after_each_part()

    def end(self) -> None:
        """What was sent was sent."""
        assert self.service.came or not SUBSCRIBED_A_DAY[self.form]

    def mid_traffic(self) -> AbstractContextManager[None]:
        return nullcontext()

    def look(self, node: Path) -> None:
        """A copy of the folder has nothing of phones that the last one has not."""

    def forget(self) -> None:
        """All of it was a secret before."""

    def attack(self, seized: Seized) -> Iterator[Finding]:
        """Does a box show by its size what is in it; does any key of the disk open one; does a row name a zone?"""
        with database_of(seized) as connection:
            if connection is None:
                return
            rows = connection.execute("SELECT * FROM push_subscription").fetchall()
            assert rows or not SUBSCRIBED_A_DAY[self.form], "nobody is subscribed: nothing was tried"
            if len({len(row[1]) for row in rows}) > 1:
                yield Finding("L4", "endpoint", "push_subscription", "size", "boxes of different sizes")
            for row in rows:
                if any(zone.encode() in bytes(cell) for cell in row if isinstance(cell, bytes) for zone in self.zones):
                    yield Finding("L4", "zone", "push_subscription", bytes(row[0]).hex(), "a row names its zone")
                for key in seized.node_keys():
                    if opens(key, bytes(row[0]), bytes(row[1])):
                        yield Finding(
                            "L3", "endpoint", "push_subscription", bytes(row[0]).hex(), "a key of the disk opens it"
                        )

    def residuals(self, seized: Seized, image: Path) -> Iterator[str]:
        yield "How many phones are subscribed, and in which week each subscription ends (THREATS.md, T11)."

    def _subscribe(self, person: Person, day: int, number: int) -> None:
        browser, secret = Browser(self.town.port, person), CLOCK.random_bytes(32)
        path, auth = f"/wpush/v2/{b64(CLOCK.random_bytes(48))}", CLOCK.random_bytes(16)
        point = ec.generate_private_key(ec.SECP256R1()).public_key()
        public = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.truths.add("capability", secret)
        for value in (path.rpartition("/")[2], auth, public):
            self.truths.add("endpoint", value)
        keys = {"p256dh": b64(public), "auth": b64(auth)}
        told = {"endpoint": f"http://127.0.0.1:{self.town.push_port}{path}", "keys": keys}
        body = {"subscription": told, "zone": self.source.choice(self.zones), "secret": b64(secret)}
        self._ask(browser, "subscribe", body)
        if number % 5 == 1:
            self._ask(browser, "test", {"secret": b64(secret)})
        if number % 5 == 2:
            self._ask(browser, "leave", {"secret": b64(secret)})
        if number % 5 == 3:
            self.service.gone.add(path)
        browser.close()
        now = CLOCK.now_ms() + int.from_bytes(self.town.clock_file.read_bytes())
        self.lives.append(Subscribed(sha256(secret).digest(), person, len(self.lives), day, now))

    @staticmethod
    def _ask(browser: Browser, path: str, body: Mapping[str, object]) -> None:
        answer = browser.ask("POST", f"/push/{path}", body=json.dumps(body).encode())
        assert answer.status == 200, (path, answer)

    def _close(self) -> None:
        self.service.shutdown()
        self.service.server_close()


def opens(key: bytes, number: bytes, box: bytes) -> bool:
    """Whether a box of a subscription opens under a key, as the node would open it."""
    try:
        AESGCM(key[:32]).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], number)
    except (InvalidTag, ValueError):
        return False
    return True


def plug(town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form) -> Subscribers:
    """The room. On a node with planted leaks nobody subscribes: those trials are about others."""
    return Subscribers(town, truths, persons, source, form)
