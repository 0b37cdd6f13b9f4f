"""A witness notices a log that stopped, says so on a page that is red, and wakes somebody once."""

from pathlib import Path

import pytest

from tests.tlog.town import Town
from tocsin.clock import SystemClock
from tocsin.tlog import note
from tocsin.tlog.log import Log
from tocsin.tlog.silence import BEATS, SILENT, UNHEARD, Silence
from tocsin.tlog.witness import Request
from tocsin.tlog.witness_server import WitnessServer
from tocsin.wake import Alarm


class Moved(SystemClock):
    """Time passes when the test says so."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Moved:
    return Moved()


def body(log: Log, old: int) -> bytes:
    return str(Request(old, tuple(log.consistency_proof(old, log.size)), note.parse(log.checkpoint_note()))).encode()


def test_a_log_is_silent_after_its_minutes_and_the_page_is_red(clock: Moved) -> None:
    silence = Silence(["one.example/log", "<b>"], 10, clock, Alarm([]))
    assert set(silence.states().values()) == {UNHEARD}
    assert silence.page().status == 200
    silence.heard("one.example/log")
    clock.now += 599
    assert silence.states() == {"one.example/log": BEATS, "<b>": UNHEARD}
    clock.now += 2
    red = silence.page()
    assert (red.status, silence.states()) == (503, {"one.example/log": SILENT, "<b>": SILENT})
    assert b"<b>" not in red.body
    assert b"script" not in red.body
    assert dict(red.headers)[b"content-security-policy"].startswith(b"default-src 'none'; style-src 'sha256-")


def test_only_a_log_that_grew_was_heard(tmp_path: Path, clock: Moved) -> None:
    """Anybody can send the newest checkpoint again: that must not cover for a node that is dead."""
    town = Town(tmp_path, witnesses=1)
    town.beat()
    witness = town.servers["w1"]
    silence = Silence(witness.origins, 10, clock, Alarm([]))
    server = WitnessServer(witness, silence)
    assert server.answer("POST", "/add-checkpoint", body(town.log, 0)).status == 200
    clock.now += 601
    assert server.answer("POST", "/add-checkpoint", body(town.log, town.log.size)).status == 200
    assert server.answer("GET", "/alive", b"").status == 503


def test_somebody_is_woken_once(clock: Moved) -> None:
    rung: list[float] = []

    def way() -> bool:
        rung.append(clock.now)
        return True

    class Looks:
        """An event that comes after a hundred looks, a minute apart."""

        left = 100

        def wait(self, _: float) -> bool:
            clock.now += 60
            self.left -= 1
            return self.left < 0

    Silence(["one.example/log"], 10, clock, Alarm([way])).watch(Looks())  # type: ignore[arg-type]
    assert len(rung) == 1
