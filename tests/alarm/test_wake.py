"""A steward is woken once an incident, by every way, with one fixed sentence, until it arrived."""

import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.serving import serving
from tocsin.acts import wake_somebody
from tocsin.rehearse import ActFailed
from tocsin.settings import Alarm as AlarmSettings
from tocsin.settings import Settings, SettingsWrong
from tocsin.wake import CALM_S, RETRY_S, TEXT, Alarm, by_command, by_url, ways


class Caught(BaseHTTPRequestHandler):
    """Takes what is posted, or refuses."""

    status = 200
    bodies: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        self.bodies.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def catching(answer: int) -> type[Caught]:
    return type("One", (Caught,), {"status": answer, "bodies": []})


def test_the_sentence_says_nothing_of_what_is_wrong(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    told = catching(200)
    with serving(told) as address:
        program = f"import sys, os; open({str(heard)!r}, 'w').write(sys.stdin.read() + ','.join(sorted(os.environ)))"
        assert [way() for way in ways([sys.executable, "-c", program], f"{address}/topic")] == [True, True]
    assert heard.read_text().startswith(f"{TEXT}\n")
    assert "TOCSIN" not in heard.read_text()
    assert told.bodies == [("/topic", TEXT.encode())]


def test_what_refuses_or_is_not_there_has_not_taken_it(tmp_path: Path) -> None:
    with serving(catching(500)) as address:
        assert not by_url(address)
    assert not by_url(address)
    assert not by_command([sys.executable, "-c", "raise SystemExit(3)"])
    assert not by_command([str(tmp_path / "nothing")])
    assert ways([], "") == []


class Way:
    """A way that takes the sentence from the try `takes_at` on."""

    def __init__(self, takes_at: int = 1) -> None:
        self.tries, self.takes_at = 0, takes_at

    def __call__(self) -> bool:
        self.tries += 1
        return self.tries >= self.takes_at


def test_each_way_is_tried_until_it_takes_it_and_then_not_again() -> None:
    quick, slow = Way(), Way(takes_at=4)
    alarm, now = Alarm([quick, slow]), 100.0
    alarm.look(is_bad=True, now=now)
    assert (quick.tries, slow.tries, alarm.is_unheard) == (1, 1, True)
    alarm.look(is_bad=True, now=now + 1)
    assert slow.tries == 1
    for wait in RETRY_S:
        now += wait
        alarm.look(is_bad=True, now=now)
    assert (quick.tries, slow.tries, alarm.is_unheard) == (1, 4, False)


def test_one_incident_wakes_once_however_it_flaps() -> None:
    way = Way()
    alarm = Alarm([way])
    for step in range(50):
        alarm.look(is_bad=step % 2 == 0, now=step * CALM_S / 3)
    assert way.tries == 1
    calm = 50 * CALM_S / 3 + CALM_S
    alarm.look(is_bad=False, now=calm)
    assert not alarm.is_incident
    alarm.look(is_bad=True, now=calm + 1)
    assert way.tries == 2


def test_nobody_is_woken_while_all_is_well() -> None:
    way = Way()
    alarm = Alarm([way])
    for step in range(100):
        alarm.look(is_bad=False, now=float(step))
    assert way.tries == 0


def test_a_check_rings_and_says_when_nobody_would_be_woken() -> None:
    with pytest.raises(ActFailed, match="nobody is woken"):
        wake_somebody(AlarmSettings())
    assert "1 of 1" in wake_somebody(AlarmSettings(command=(sys.executable, "-c", "")))
    with pytest.raises(ActFailed, match="1 of 1 ways did not"):
        wake_somebody(AlarmSettings(command=(sys.executable, "-c", "raise SystemExit(1)")))


@pytest.mark.parametrize("alarm", [{"url": "file:///etc/passwd"}, {"probe_minutes": -1}])
def test_an_alarm_that_cannot_be_is_refused(tmp_path: Path, alarm: dict[str, object]) -> None:
    lines = "\n".join(f"{name} = {value!r}" for name, value in alarm.items())
    file = tmp_path / "node.toml"
    file.write_text(f'folder = "x"\nlog_origin = "sample.example/log"\n[alarm]\n{lines}\n')
    with pytest.raises(SettingsWrong):
        Settings.load(file, {})
