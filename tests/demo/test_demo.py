"""`./run demo`: what it prints is true, and it leaves nothing running."""

import re
import socket
import sqlite3
import ssl
import threading
from pathlib import Path
from typing import Self

import httpx
import pytest

from tests.demo.playing import an_alert_goes_out
from tests.serving import free_ports
from tests.waiting import wait_until
from tocsin.clock import SystemClock
from tocsin.demo import __main__ as demo
from tocsin.demo import erasing, lan
from tocsin.demo.children import ChildDied, Children
from tocsin.demo.run import running
from tocsin.demo.town import DESK_NAME, DISPATCHER, HOST, STEWARDS, DemoFailed, Ports, Town

BROWSER = {"Accept": "text/html"}


def town_in(folder: Path) -> Town:
    node, one, two, authority, door = free_ports(5)
    return Town(folder, Ports(node, (one, two), authority, door), beat_s=2)


class Screen:
    """What the demo prints, and a hand on Ctrl-C."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.lines: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=demo.demo, args=(town, self._stop, 120, self.lines.append))

    def __enter__(self) -> Self:
        self._thread.start()
        wait_until(lambda: any("Ctrl-C" in line for line in self.lines), 150)
        return self

    def __exit__(self, *why: object) -> None:
        self._stop.set()
        self._thread.join()


def test_a_first_start_a_second_one_and_nothing_left_running(tmp_path: Path) -> None:
    town, logs = town_in(tmp_path / "demo"), list[str]()
    for _ in range(2):
        with Screen(town) as screen:
            text = "\n".join(screen.lines)
            found = re.findall(r"  (http://localhost:\d+/\S*)", text)
            answers = {
                url: httpx.get(url, headers=BROWSER, follow_redirects=True, trust_env=False, timeout=60).status_code
                for url in found
            }
            if not logs:
                an_alert_goes_out(town, re.findall(r"join#([\w-]+)", text))
            logs.append(httpx.get(f"{town.url}/client-config", trust_env=False, timeout=60).json()["log"])
        for said in (
            "(sample)",
            "Do not record anything that matters",
            "10 s after a witness saw it (a real city: 24 h)",
            *(f"{name:<20} " for name in (DESK_NAME, DISPATCHER, *STEWARDS)),
        ):
            assert said in text
        assert len(answers) >= 10
        assert set(answers.values()) == {200}, answers
        with pytest.raises(httpx.ConnectError):
            httpx.get(town.url, trust_env=False)
    assert logs[0] == logs[1], "the second start is the same town"
    assert (town.folder / "staff.json").stat().st_mode & 0o077 == 0
    in_one_act(town)


def in_one_act(town: Town) -> None:
    """Two fake people recorded, once for both starts; then nothing of them is left, and what is no demo stays."""
    with sqlite3.connect(town.folder / "node" / "tocsin.sqlite") as database:
        assert database.execute("SELECT count(*) FROM recording WHERE kind = 'encounter'").fetchone() == (2,)
    database.close()
    elsewhere = Town(town.folder.parent / "not-a-demo", town.ports)
    elsewhere.folder.mkdir()
    elsewhere.settings.write_text('pack = "of-a-city"\n')
    with pytest.raises(DemoFailed):
        erasing.erase(elsewhere)
    assert elsewhere.settings.exists()
    erasing.erase(town)
    assert not town.folder.exists()


def test_a_phone_on_the_network_is_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lan, "own_address", lambda: "127.0.0.1")
    plain = town_in(tmp_path / "demo")
    town = Town(plain.folder, plain.ports, plain.beat_s, lan.prepare(plain.folder / "lan", SystemClock()))
    with Screen(town) as screen:
        door = httpx.get(f"http://127.0.0.1:{town.ports.door}/", trust_env=False).text
        assert any("Fingerprint" in line for line in screen.lines)
        typed = " ".join(screen.lines)
        assert f"SSL_CERT_FILE={town.folder}/lan/root.pem ./run tocsin package" in typed
        assert f"--log https://localhost:{town.ports.node} " in typed, (
            "this computer may not find the name it tells phones"
        )
        assert town.lan is not None
        trusted = ssl.create_default_context(cafile=str(town.lan.root))
        page = httpx.get(f"https://localhost:{town.ports.node}/en/", verify=trusted, trust_env=False, timeout=60)
        assert page.status_code == 200
    assert f"https://{HOST}:{town.ports.node}/" in door


def test_a_port_in_use_is_named_before_anything_starts(tmp_path: Path) -> None:
    town = town_in(tmp_path / "demo")
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", town.ports.witnesses[1]))
        stranger.listen()
        with pytest.raises(DemoFailed) as failed, running(town, SystemClock()):
            pass
    assert str(town.ports.witnesses[1]) in failed.value.message
    assert not town.folder.exists()


def test_a_part_that_ends_by_itself_is_named(tmp_path: Path) -> None:
    with Children(tmp_path, SystemClock()) as children:
        children.start("witness-one", ["false"])
        wait_until(children.dead)
        with pytest.raises(ChildDied) as failed:
            children.check()
    assert "witness-one" in failed.value.message


def test_one_number_moves_all_ports_and_8000_gives_the_usual_ones() -> None:
    assert Ports.above(8000) == Ports()
    assert Ports.above(8000, is_lan=True) == Ports(node=8443)
    usual, other = Ports.above(8000), Ports.above(9000)
    assert not {usual.node, *usual.witnesses, usual.authority, usual.door} & {
        other.node,
        *other.witnesses,
        other.authority,
    }
