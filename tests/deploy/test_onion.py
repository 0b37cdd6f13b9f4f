"""The onion service: proof of work, few streams, a door of its own. And the web layer behind that door."""

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

import httpx
import msgspec
import pytest

from tests.deploy.promises import RUN, Promise, check
from tests.encounters.conftest import settings_in
from tests.serving import free_ports
from tocsin import new_keys
from tocsin.app import application
from tocsin.clock import SystemClock
from tocsin.jurisdictions import load
from tocsin.node import Node
from tocsin.settings import Settings, SettingsWrong
from tocsin.web import server

ONION = "a" * 56 + ".onion"


def said(text: str) -> dict[str, str]:
    lines = (line.partition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in lines}


def line(name: str, value: str, instead: str = "") -> Promise:
    spoilt = [(rf"^{name} .*\n", "")] + ([(rf"^{name} .*$", f"{name} {instead}")] if instead else [])
    return Promise(lambda text: said(text).get(name) == value, tuple(spoilt))


def test_the_torrc_keeps_its_promises() -> None:
    promises = {
        "proof of work": line("HiddenServicePoWDefensesEnabled", "1", instead="0"),
        "introductions are paced": line("HiddenServiceEnableIntroDoSDefense", "1"),
        "few streams a circuit": line("HiddenServiceMaxStreams", "32", instead="0"),
        "and no more": line("HiddenServiceMaxStreamsCloseCircuit", "1"),
        "a door of its own": line("HiddenServicePort", "80 127.0.0.1:8001", instead="80 127.0.0.1:8000"),
        "nothing is asked through it": line("SocksPort", "0", instead="9050"),
        "nobody is logged": line("SafeLogging", "1", instead="0"),
        "and little at all": line("Log", "err stderr", instead="info file /var/log/tor/log"),
        "little is written": line("AvoidDiskWrites", "1"),
        "never half hidden": Promise(
            lambda text: "HiddenServiceNonAnonymousMode" not in said(text),
            ((r"^SocksPort 0$", "SocksPort 0\nHiddenServiceNonAnonymousMode 1"),),
        ),
    }
    check((RUN / "tor" / "torrc").read_text(), promises)


@pytest.mark.parametrize(
    "wrong",
    [
        {"onion": ONION},
        {"onion_port": 8001},
        {"onion": "city.onion", "onion_port": 8001},
        {"onion": ONION, "onion_port": 8000},
    ],
)
def test_settings_of_half_an_onion_service_are_refused(wrong: dict[str, object]) -> None:
    settings = Settings(folder="x", log_origin="sample.example/log", **wrong)  # type: ignore[arg-type]
    with pytest.raises(SettingsWrong):
        settings.check()


class Doors(NamedTuple):
    """A running node: its two addresses."""

    clear: str
    hidden: str


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def doors(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    clear, hidden = free_ports(2)
    more = {
        "public_url": "https://city.example",
        "hosts": ("city.example",),
        "onion": ONION,
        "onion_port": hidden,
        "port": clear,
        "exit_url": "https://elsewhere.example/",
        "source_url": "https://elsewhere.example/source",
    }
    settings = msgspec.structs.replace(settings_in(tmp_path_factory.mktemp("node")), **more)
    settings.check()
    new_keys.make(settings, None, SystemClock())
    node = Node.open(settings, load.load("minneapolis-sample"), SystemClock())
    running = server.server(application(node), host="127.0.0.1", port=clear, tls=None, onion_port=hidden)
    task = asyncio.create_task(running.serve())
    while not running.started:
        await asyncio.sleep(0.01)
    yield Doors(f"http://127.0.0.1:{clear}", f"http://127.0.0.1:{hidden}")
    running.should_exit = True
    await task


@pytest.mark.anyio
async def test_each_door_answers_to_its_own_name_alone(doors: Doors) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:

        async def ask(door: str, host: str, path: str = "/es/about") -> httpx.Response:
            return await client.get(f"{door}{path}", headers={"host": host})

        clear, hidden = await ask(doors.clear, "city.example"), await ask(doors.hidden, ONION)
        assert (clear.status_code, hidden.status_code) == (200, 200)
        assert clear.headers["strict-transport-security"].startswith("max-age=")
        assert clear.headers["onion-location"] == f"http://{ONION}/es/about"
        assert not {"strict-transport-security", "onion-location", "date", "server"} & set(hidden.headers)
        for door, host in ((doors.clear, ONION), (doors.hidden, "city.example"), (doors.hidden, "x" * 56 + ".onion")):
            refused = await ask(door, host)
            assert (refused.status_code, refused.json()["code"]) == (421, "host_unknown")
        assert "onion-location" not in (await ask(doors.clear, "city.example", "/health")).headers


@pytest.mark.anyio
async def test_who_came_through_the_onion_service_is_led_to_no_address_outside(doors: Doors) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        for path, outside in {
            "/leave": "https://elsewhere.example/",
            "/source": "https://elsewhere.example/source",
        }.items():
            clear = await client.get(f"{doors.clear}{path}", headers={"host": "city.example"})
            hidden = await client.get(f"{doors.hidden}{path}", headers={"host": ONION})
            assert clear.headers["location"] == outside
            assert "elsewhere" not in hidden.headers.get("location", "")
            assert hidden.status_code in (200, 303)
