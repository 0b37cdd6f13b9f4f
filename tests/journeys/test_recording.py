"""One tap in a real browser, a real camera's stand-in, a real node: what arrives, what is told, what the words open."""

import itertools
import json
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.chromium import rest
from tests.journeys.conftest import OpenPage, Running
from tests.journeys.test_owner_page import find, play
from tests.journeys.test_package import is_covered, tocsin
from tests.journeys.test_town import client_of_town, desk_counts
from tests.waiting import wait_until
from tocsin.crypto import canonical, envelope
from tocsin.crypto.stream import EVENT, MEDIA, Inner, Reader, parse_chunk, parse_header
from tocsin.crypto.words import derive
from tocsin.demo.run import start_node
from tocsin.evidence.sealed import Sealed
from tocsin.ids import b64, unb64

WEBM = b"\x1a\x45\xdf\xa3"
"""The first bytes of every Matroska file (RFC 8794 section 11.2.1)."""


class Opened(NamedTuple):
    """A recording as its owner has it."""

    recording: str
    owner: dict[str, str]
    sealed: Path
    inners: list[Inner]

    @property
    def events(self) -> list[dict[str, Any]]:
        found = [canonical.loads(inner.body) for inner in self.inners if inner.type == EVENT]
        return [event for event in found if isinstance(event, dict)]

    @property
    def media(self) -> list[bytes]:
        """The originals: one for each time the recorder was started."""
        files = [b""]
        for inner in self.inners:
            if inner.type == MEDIA:
                files[-1] += inner.body
            elif inner.type == EVENT and b'"restarted_media"' in inner.body:
                files.append(b"")
        return files


def tap(page: Page, town: Running) -> None:
    """The first page, and its one control."""
    page.goto(f"{town.url}/en/")
    page.click("#record")
    expect(page.locator("body.live")).to_be_visible()


def safe_seconds(page: Page) -> int:
    """What the page says is on the node: "... up to 00:42"."""
    said = page.locator("#safe").text_content() or ""
    minutes, _, seconds = said.rpartition(" ")[2].strip(".").partition(":")
    return int(minutes) * 60 + int(seconds) if seconds else 0


def stop(page: Page) -> str:
    """Two taps; the words, read off the screen."""
    rest(page)
    page.dblclick("#stop")  # within four seconds, however slow the machine is
    page.locator("#words li").first.wait_for(timeout=60_000)
    return " ".join(page.locator("#words li").all_text_contents())


def open_by_words(client: httpx.Client, words: str, sealed: Path) -> Opened:
    """What anybody who has the seven words gets from the node."""
    identity, locator = derive(words)
    found = client.post("/recover", headers={"Authorization": f"Tocsin {b64(locator)}"}).raise_for_status().json()
    header = parse_header(unb64(found["header"]))
    key = envelope.open_with(identity, unb64(found["wraps"]))
    owner = {"Authorization": f"Tocsin {b64(Reader(key, header).owner_secret)}"}
    sealed.write_bytes(client.get(f"/encounters/{found['recording']}/sealed", headers=owner).raise_for_status().content)
    reader = Reader(key, header)
    with Sealed(sealed) as export:
        return Opened(found["recording"], owner, sealed, [reader.open(parse_chunk(raw)) for raw in export.chunks()])


def test_one_tap_becomes_a_package_that_a_stranger_accepts(town: Running, phone: Page, tmp_path: Path) -> None:
    with client_of_town(town) as client:
        wait_until(lambda: desk_counts(client), 60)
        tap(phone, town)
        wait_until(lambda: safe_seconds(phone) >= 3, 60)
        opened = open_by_words(client, stop(phone), tmp_path / "recording.tocsin")
        newest = len(opened.inners) - 1
        wait_until(lambda: is_covered(client, opened.recording, opened.owner, newest), 60)
        opened = opened._replace(sealed=again(client, opened))
        release = client.get("/client-config").json()["build"]

    start, end = opened.events[0], opened.events[-1]
    assert (start["event"], start["kind"], start["recipients_note"]) == ("start", "encounter", "desk")
    assert start["build"] == release
    assert (end["event"], end["reason"]) == ("stop", "person")
    assert all(original.startswith(WEBM) for original in opened.media)

    package = tmp_path / "package.zip"
    made = tocsin(
        *("package", str(opened.sealed), "--identity", str(town.town.desk_identity), "--log", town.url),
        *("--custodian", str(town.town.desk_key), "--output", str(package)),
    )
    assert made.returncode == 0, made.stderr
    checked = tocsin("verify", str(package), "--trust", str(town.town.trust), "--json")
    wrong = [step for step in json.loads(checked.stdout)["steps"] if step["status"] == "FAIL"]
    assert not wrong


def again(client: httpx.Client, opened: Opened) -> Path:
    """The export once its last second is in the log."""
    answer = client.get(f"/encounters/{opened.recording}/sealed", headers=opened.owner).raise_for_status()
    opened.sealed.write_bytes(answer.content)
    return opened.sealed


def test_a_lost_network_loses_nothing(town: Running, phone: Page, tmp_path: Path, is_long: bool) -> None:
    """Some seconds long; a minute with `--long`."""
    tap(phone, town)
    wait_until(lambda: safe_seconds(phone) >= 1, 60)
    phone.context.set_offline(True)
    before = safe_seconds(phone)
    kept = f"() => Number(/\\d+/.exec(document.querySelector('#here').textContent)) >= {60 if is_long else 3}"
    phone.wait_for_function(kept, timeout=120_000)
    assert safe_seconds(phone) <= before + 1
    phone.context.set_offline(False)
    wait_until(lambda: safe_seconds(phone) >= before + (60 if is_long else 3), 90)
    with client_of_town(town) as client:
        opened = open_by_words(client, stop(phone), tmp_path / "recording.tocsin")
    names = [event["event"] for event in opened.events]
    assert names.index("network_lost") < names.index("network_back")
    assert widest_gap_ms(opened) < 3_000


def test_a_closed_tab_is_cut_and_the_next_recording_continues_it(
    town: Running, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page()
    tap(page, town)
    wait_until(lambda: safe_seconds(page) >= 2, 60)
    fresh = page.context.new_page()
    page.close()
    tap(fresh, town)
    wait_until(lambda: safe_seconds(fresh) >= 2, 60)
    with client_of_town(town) as client:
        opened = open_by_words(client, stop(fresh), tmp_path / "second.tocsin")
    assert len(opened.events[0]["continues"]) == 22
    assert opened.events[0]["continued_seq"] >= 2


def test_a_node_that_is_killed_and_comes_back_has_every_second(own_town: Running, phone: Page, tmp_path: Path) -> None:
    tap(phone, own_town)
    wait_until(lambda: safe_seconds(phone) >= 2, 60)
    own_town.children.kill("node")
    before = safe_seconds(phone)
    phone.wait_for_function("() => /[3-9]/.test(document.querySelector('#here').textContent)", timeout=60_000)
    start_node(own_town.children, own_town.town)
    wait_until(lambda: safe_seconds(phone) >= before + 4, 60)
    with client_of_town(own_town) as client:
        opened = open_by_words(client, stop(phone), tmp_path / "recording.tocsin")
    assert widest_gap_ms(opened) < 3_000


def bottom(page: Page, place: str) -> float:
    box = page.locator(place).bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def test_what_the_call_says_of_the_recording_is_true_in_every_state(town: Running, phone: Page) -> None:
    """In French, whose words are the longest: the way to cancel a call is on a small phone's first screen."""
    phone.goto(f"{town.url}/fr/")
    phone.click("#record")
    phone.locator("#call .primary:visible").wait_for()
    assert bottom(phone, "#call .primary:visible") <= 640
    call, goes_on = phone.locator("#call"), "L’enregistrement continue."
    expect(call).to_contain_text(goes_on)
    assert bottom(phone, "#live .emergency") < bottom(phone, "#cards summary"), "help before what may be read"
    assert bottom(phone, "#pause") < bottom(phone, "#cards summary")
    phone.click("#pause")
    expect(call).not_to_contain_text(goes_on)
    phone.click("#pause")
    expect(call).to_contain_text(goes_on)
    before = safe_seconds(phone)
    wait_until(lambda: safe_seconds(phone) > before, 60)  # taps on the heels of others stop nothing
    phone.context.set_offline(True)
    rest(phone)
    phone.dblclick("#stop")  # within four seconds, however slow the machine is
    expect(phone.locator("#mark-word")).to_contain_text("terminé")
    expect(phone.locator("#preview")).to_be_hidden()
    expect(call).not_to_contain_text(goes_on)
    expect(call).not_to_be_empty()
    phone.context.set_offline(False)
    phone.locator("#words li").first.wait_for()


def unsent_rows(page: Page) -> list[dict[str, Any]]:
    """What this phone keeps of recordings whose ciphertext was not all acknowledged."""
    rows = page.evaluate(
        """() => new Promise(resolve => {
          const opening = indexedDB.open("tocsin-unsent");
          opening.onsuccess = () => {
            const database = opening.result;
            const found = database.transaction("recordings").objectStore("recordings").getAll();
            found.onsuccess = () => { database.close(); resolve(found.result); };
          };
        })"""
    )
    return list(rows)


@pytest.mark.parametrize("choice", ["keep", "drop"])
def test_leaving_at_once_sends_or_drops_what_was_not_sent(town: Running, phone: Page, choice: str) -> None:
    phone.goto(f"{town.url}/en/")
    phone.evaluate("choice => localStorage.setItem('tocsin.leave', choice)", choice)
    phone.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    phone.reload()
    tap(phone, town)
    wait_until(lambda: safe_seconds(phone) >= 2, 60)
    phone.context.set_offline(True)
    phone.wait_for_function("() => /[2-9]/.test(document.querySelector('#here').textContent)", timeout=60_000)
    row = unsent_rows(phone)[0]
    phone.context.set_offline(False)
    phone.click("#exit")
    phone.wait_for_url("**/measures**")
    wait_until(lambda: not unsent_rows(phone), 60)
    with client_of_town(town) as client:
        upload = {"Authorization": f"Tocsin {row['upload']}"}
        state = client.get(f"/encounters/{row['id']}/state", headers=upload).raise_for_status().json()
    if choice == "keep":  # whether the last second says goodbye hangs on how fast the page went away
        assert state["next"] >= row["sealed"]
    else:
        assert state["closed"] == "open"


def widest_gap_ms(opened: Opened) -> int:
    """The longest time between two slices: one is made a second."""
    times = [inner.monotonic_ms for inner in opened.inners if inner.type == MEDIA]
    return max(b - a for a, b in itertools.pairwise(times))


def test_a_line_that_cannot_carry_the_picture_steps_down_and_never_stalls(
    town: Running, phone: Page, open_page: OpenPage, tmp_path: Path
) -> None:
    tap(phone, town)
    wait_until(lambda: safe_seconds(phone) >= 1, 60)
    line = phone.context.new_cdp_session(phone)
    line.send("Network.enable")
    weak = {"offline": False, "latency": 400, "downloadThroughput": 12_500, "uploadThroughput": 7_500}
    line.send("Network.emulateNetworkConditions", weak)
    before = safe_seconds(phone)
    wait_until(lambda: safe_seconds(phone) >= before + 8, 90)
    line.send(
        "Network.emulateNetworkConditions", weak | {"uploadThroughput": -1, "downloadThroughput": -1, "latency": 0}
    )
    words = stop(phone)
    with client_of_town(town) as client:
        opened = open_by_words(client, words, tmp_path / "recording.tocsin")
    steps = [event for event in opened.events if event["event"] == "bitrate"]
    assert steps
    assert steps[0]["bits_per_second"] < 832_000
    assert len(opened.media) >= 2
    assert all(original.startswith(WEBM) for original in opened.media)
    assert widest_gap_ms(opened) < 3_000
    other = open_page()
    find(other, town, words)
    play(other)
    expect(other.locator("#films h3")).to_have_text(
        [f"Part {place + 1} of {len(opened.media)}" for place in range(len(opened.media))]
    )
