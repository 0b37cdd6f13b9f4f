"""The page that opens a sealed recording on the reader's machine: by keyboard, in a real browser, on media of a real recorder."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.evidence.film import recorded, sealed_film
from tests.evidence.scene import Scene
from tests.waiting import wait_until
from tests.web.conftest import OpenPage
from tests.web.test_accessible import SMALL, findings
from tocsin.crypto.envelope import new_identity
from tocsin.web.static_files import Built

PHONE_PAGES = ("first", "rehearsal", "import", "recover", "about", "measures", "offline")
DESK_ONLY = (b"addSourceBuffer", b"insetInlineStart", b"captions_none")
"""What stands in scripts of the desk and nowhere else."""


@pytest.fixture(scope="module")
def slices() -> list[list[bytes]]:
    """Filled by the first test that has a browser: recording takes as long as the recording."""
    return []


@pytest.fixture
def film(opened: OpenPage, node: str, slices: list[list[bytes]], tmp_path: Path) -> Scene:
    """Four seconds of picture and sound, then four of sound; a talk in the first."""
    if not slices:
        slices += recorded(opened(f"{node}/en/", real=True, permissions=["camera", "microphone"]), slices=3)
    return sealed_film(tmp_path, slices, call_at=4, call_ends_at=6)


def choose(page: Page, sealed: Path, identity: str) -> None:
    keys = sealed.with_name("identity.txt")
    keys.write_text(f"# made for a trial\n{identity}\n")
    page.set_input_files("#sealed", sealed)
    page.set_input_files("#identity", keys)
    page.click("#ask button")


def open_film(page: Page, film: Scene) -> None:
    choose(page, film.sealed(), film.identity)
    expect(page.locator("#checks li")).to_have_count(4, timeout=20_000)


def video(page: Page, field: str) -> float:
    return float(page.evaluate(f"document.querySelector('video').{field}"))


def until(page: Page, condition: str) -> None:
    wait_until(lambda: bool(page.evaluate(condition)), 15)


def test_it_is_opened_checked_and_played_by_keyboard_alone(opened: OpenPage, node: str, film: Scene) -> None:
    page = opened(f"{node}/en/desk/open")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    open_film(page, film)
    expect(page.locator("#opened-title")).to_be_focused()
    expect(page.locator("#checks")).to_contain_text("each one’s chain of hashes and signature are right")
    page.keyboard.press("k")
    until(page, "document.querySelector('video').currentTime > 0.4")
    assert video(page, "videoWidth") == 320
    expect(page.locator("#player [role=status]")).to_have_text("Playing.")
    page.keyboard.press(" ")
    until(page, "document.querySelector('video').paused")
    expect(page.locator("#player .clock").first).to_contain_text("Paused.")
    for _ in range(9):
        page.keyboard.press("n")
        if "A new media file" in page.inner_text("#player [role=status]"):
            break
    until(page, "document.querySelector('video').videoWidth === 0 && document.querySelector('video').readyState >= 2")
    expect(page.locator("#player .clock").first).to_contain_text("Sound alone.")
    page.keyboard.press("j")
    until(page, "document.querySelector('video').videoWidth === 320")
    assert all(line.startswith("GET ") and "/static/built/" in line for line in sent)


def test_what_is_on_the_bar_is_in_a_list_that_leads_there(opened: OpenPage, node: str, film: Scene) -> None:
    page = opened(f"{node}/en/desk/open")
    open_film(page, film)
    listed = [re.sub(r"\s+", " ", text) for text in page.locator(".marks li").all_inner_texts()]
    assert listed[0].endswith("The recording begins.")
    assert any("to" in text and "Not recorded: the person paused." in text for text in listed)
    assert any("Talk 1 with a lawyer or helper" in text for text in listed)
    assert listed[-1].endswith("Ended by the person who recorded.")
    assert page.locator(".bar span").count() == len(listed)
    talk = page.get_by_role("button", name=re.compile("Talk 1"))
    talk.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#player .clock").first).to_contain_text("It may be privileged.")
    expect(page.locator("#history")).to_contain_text("The phone began it.")
    expect(page.locator("#player")).to_contain_text("Captions: none.")


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_the_opened_page_reads_well(opened: OpenPage, node: str, mirrored: str, film: Scene, direction: str) -> None:
    page = opened(f"{node if direction == 'ltr' else mirrored}/en/desk/open", viewport={"width": 320, "height": 640})
    open_film(page, film)
    assert not findings(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert not page.evaluate(SMALL)
    unnamed = "[...document.querySelectorAll('button')].filter(one => !one.textContent.trim()).length"
    assert page.evaluate(unnamed) == 0


def test_a_stranger_and_a_broken_file_are_told_so(opened: OpenPage, node: str, film: Scene, tmp_path: Path) -> None:
    page = opened(f"{node}/es/desk/open")
    page.click("#ask button")
    expect(page.locator("#problem")).to_have_text("Elija primero la grabación sellada.")
    choose(page, film.sealed(), new_identity(film.clock)[0])
    expect(page.locator("#problem")).to_contain_text("no se selló para ella")
    choose(page, film.sealed(), "no key at all")
    expect(page.locator("#problem")).to_contain_text("no hay ninguna identidad")
    short = tmp_path / "short.tocsin"
    short.write_bytes(film.sealed().read_bytes()[:5000])
    choose(page, short, film.identity)
    expect(page.locator("#problem")).to_contain_text("está incompleta")
    film.sealed_chunks[5] = film.sealed_chunks[5][:-1] + bytes([film.sealed_chunks[5][-1] ^ 1])
    choose(page, film.sealed(), film.identity)
    expect(page.locator("#checks")).to_contain_text("La pieza 6 no es lo que se selló (signature_wrong)")
    expect(page.locator(".marks")).to_contain_text("A partir de aquí no es lo que se selló")


def test_nothing_of_the_desk_is_on_the_way_to_a_recording(built: Built) -> None:
    everywhere = b"".join(content for name, content in built.files.items() if name.endswith(".js"))
    assert all(mark in everywhere for mark in DESK_ONLY)
    names = {url.rpartition("/")[2] for url in (*built.reach(PHONE_PAGES), *built.scripts("first"))}
    assert len(names) > 3
    assert not [(name, mark) for name in names for mark in DESK_ONLY if mark in built.files[name]]
