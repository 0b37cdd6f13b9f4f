"""The holder of the words, from another device: what happened, play, who can open it, erase. And a film that was filmed earlier."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.chromium import rest
from tests.journeys.conftest import OpenPage, Running
from tests.waiting import wait_until
from tests.web.test_accessible import findings
from tocsin.clock import SystemClock
from tocsin.crypto.envelope import new_identity, open_wraps
from tocsin.evidence.opened import Opened
from tocsin.evidence.sealed import Sealed


def recorded(page: Page, town: Running) -> str:
    """A recording of some seconds, stopped by its person; its words."""
    page.goto(f"{town.url}/es/")
    page.click("#record")
    expect(page.locator("#safe")).to_contain_text(re.compile("A salvo en el nodo hasta 00:0[2-9]"), timeout=60_000)
    return stopped(page)


def stopped(page: Page) -> str:
    rest(page)
    page.dblclick("#stop")  # within four seconds, however slow the machine is
    return copied(page)


def copied(page: Page) -> str:
    """The words, read off the screen, which then forgets them."""
    page.locator("#words li").first.wait_for(timeout=60_000)
    words = " ".join(page.locator("#words li").all_text_contents())
    rest(page)
    page.dblclick("#words-have")  # within four seconds, however slow the machine is
    expect(page.locator("#words-part")).to_be_hidden()
    return words


def find(page: Page, town: Running, words: str) -> None:
    page.goto(f"{town.url}/en/recover")
    page.fill("#typed", words)
    page.click("#ask button")
    expect(page.locator("#found")).to_be_visible(timeout=60_000)


def play(page: Page) -> None:
    page.click("#play")
    expect(page.locator("#player")).to_be_visible(timeout=60_000)


def download(page: Page, place: Path) -> Path:
    with page.expect_download() as taken:
        page.click("#download")
    taken.value.save_as(place)
    return place


def test_the_words_open_share_and_erase_from_another_device(
    town: Running, phone: Page, open_page: OpenPage, tmp_path: Path
) -> None:
    words = recorded(phone, town)
    other = open_page()
    find(other, town, words)
    expect(other.locator("#facts")).to_contain_text("Ended by the person who began it")
    assert other.input_value("#typed") == ""
    play(other)
    assert wait_until(lambda: other.evaluate("document.querySelector('video').readyState >= 2"))
    expect(other.locator("#acts")).to_contain_text("took a sealed copy")
    assert not findings(other)

    before = other.locator("#recipients li").count()
    identity, recipient = new_identity(SystemClock())
    other.fill("#recipient", recipient.upper())
    other.click("#add button")
    expect(other.locator("#outcome")).to_contain_text("sealed anew")
    find(other, town, words)
    expect(other.locator("#recipients li")).to_have_count(before + 1)
    with Sealed(download(other, tmp_path / "shared.tocsin")) as sealed:
        assert len(open_wraps(identity, sealed.wraps)) == 32
        assert [second.inner.type for second in Opened.begin(sealed, identity).seconds()]

    other.get_by_role("button", name=re.compile(f"Drop {recipient[:12]}")).click()
    expect(other.locator("#recipients li")).to_have_count(before)
    other.dblclick("#erase")  # within four seconds, however slow the machine is
    expect(other.locator("#outcome")).to_contain_text("It will be erased when no duty to keep it remains.")
    for gone in ("#take-part", "#recipients-part", "#erase-part"):
        expect(other.locator(gone)).to_be_hidden()
    other.goto(f"{town.url}/en/recover")
    other.fill("#typed", words)
    other.click("#ask button")
    expect(other.locator("#problem")).not_to_be_empty(timeout=60_000)


def test_wrong_words_are_told_kindly_and_nothing_leaves_the_page(town: Running, phone: Page) -> None:
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    phone.goto(f"{town.url}/en/recover")
    for typed, told in {
        "one two": "Seven words are needed. You typed 2.",
        "a b c d e f zzz": "is not a recovery word",
    }.items():
        phone.fill("#typed", typed)
        phone.click("#ask button")
        expect(phone.locator("#problem")).to_contain_text(told)
    assert not asked
    phone.fill("#typed", "ability able aboard above abroad absence absolute")
    phone.click("#ask button")
    expect(phone.locator("#problem")).to_contain_text("No recording answers to these words", timeout=60_000)


def test_a_film_filmed_earlier_comes_back_as_it_was_and_says_so(
    town: Running, phone: Page, open_page: OpenPage, tmp_path: Path
) -> None:
    film = bytes(range(256)) * 3000
    source = tmp_path / "from my phone with my name.mp4"
    source.write_bytes(film)
    phone.goto(f"{town.url}/en/import")
    phone.set_input_files("#film", source)
    phone.click("#choose button")
    words = copied(phone)
    expect(phone.locator("#after-title")).to_have_text("All of it is on the node.")

    other = open_page()
    find(other, town, words)
    play(other)
    expect(other.locator("#outcome")).to_contain_text("filmed earlier, not captured here")
    with other.expect_download() as taken:
        other.click("text=Save this film")
    assert Path(taken.value.path()).read_bytes() == film
    assert taken.value.suggested_filename == "recording-1.mp4"
    assert b"my name" not in download(other, tmp_path / "import.tocsin").read_bytes()


def test_a_rehearsal_shows_ten_seconds_arriving(town: Running, phone: Page) -> None:
    phone.goto(f"{town.url}/en/rehearsal")
    phone.click("#ask")
    phone.click("#start")
    expect(phone.locator("#arrivals .arrived").first).to_be_visible(timeout=60_000)
    copied(phone)
    expect(phone.locator("#arrived")).to_contain_text("All ten seconds arrived")
    expect(phone.locator("#step-choose")).to_be_visible()
    expect(phone.locator(".rehearsing")).to_be_visible()
