"""The page that opens a sealed recording on the reader's machine: by keyboard, in a real browser, on media of a real recorder."""

import base64
import hashlib
import json
import re
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.sync_api import Page, expect

from tests.evidence.film import recorded, sealed_film, taken_apart
from tests.evidence.scene import Scene
from tests.evidence.test_same_bytes import completed
from tests.waiting import wait_until
from tests.web.conftest import OpenPage
from tests.web.test_accessible import SMALL, findings
from tocsin.crypto.envelope import new_identity
from tocsin.evidence.calls import Decision
from tocsin.evidence.log_source import Kept
from tocsin.evidence.opened import Opened
from tocsin.evidence.originals import files
from tocsin.evidence.package import make_package
from tocsin.evidence.sealed import Sealed
from tocsin.evidence.verify import Trust, verify
from tocsin.web.static_files import Built

PHONE_PAGES = ("first", "rehearsal", "import", "recover", "about", "measures", "offline")
DESK_ONLY = (b"addSourceBuffer", b"insetInlineStart", b"captions_none", b"tocsin.package/v1 id")
"""What stands in scripts of the desk and nowhere else."""
SLOW = 4
"""Times slower than this machine: somebody goes elsewhere while a piece is still being taken in."""


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
    expect(page.locator("#checks li")).to_have_count(4, timeout=60_000)


def video(page: Page, field: str) -> float:
    return float(page.evaluate(f"document.querySelector('video').{field}"))


def until(page: Page, condition: str) -> None:
    wait_until(lambda: bool(page.evaluate(condition)), 60)


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


def test_a_film_is_sought_in_far_beyond_what_was_opened_of_it(
    opened: OpenPage, node: str, film: Scene, slices: list[list[bytes]], tmp_path: Path
) -> None:
    """A recorder tells no length; half a minute is opened at a time."""
    assert film.sealed_chunks
    loop = taken_apart(b"".join(slices[0]))
    first = loop.head + loop.second(0)
    long = Scene(
        tmp_path, b"long", chunks=120, step_ms=1000, gap_ms=(0, 0), is_timestamped=False,
        body=lambda seq: first if seq == 1 else loop.second(seq - 3),
    )  # fmt: skip
    page = opened(f"{node}/en/desk/open")
    open_film(page, long)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOW})
    page.keyboard.press("k")
    until(page, "document.querySelector('video').currentTime > 0.1")
    for seconds in (100, 20, 90, 5):
        page.locator("#player input[type=range]").fill(str(seconds))
        gone_on = f"(at => at > {seconds - 2} && at < {seconds + 10})"  # past the seams of two pieces, or it may stand still there
        until(page, f"{gone_on}(document.querySelector('video').currentTime - 2)")
    assert video(page, "buffered.end(document.querySelector('video').buffered.length - 1)") < 60, (
        "what is far is let go"
    )


def test_a_film_that_was_cut_comes_to_its_end_too(
    opened: OpenPage, node: str, film: Scene, slices: list[list[bytes]], tmp_path: Path
) -> None:
    """A phone that was taken away says no goodbye. Its film must not stand before the end and say that it plays."""
    assert film.sealed_chunks
    place = tmp_path / "other"
    place.mkdir()
    page = opened(f"{node}/en/desk/open")
    open_film(page, sealed_film(place, slices, is_stopped=False))
    page.get_by_role("button", name="Speed 1").click()
    page.get_by_role("button", name="Speed 1.5").click()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOW})
    page.keyboard.press("k")
    expect(page.locator("#player .clock").first).to_contain_text("This is the end.")
    expect(page.locator("#player [role=status]")).to_have_text("This is the end.")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.keyboard.press("k")
    until(page, "document.querySelector('video').videoWidth === 320 && !document.querySelector('video').paused")


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


def package_of(page: Page, place: Path) -> Path:
    with page.expect_download(timeout=60_000) as taken:
        page.click("#package button[type=submit]")
    taken.value.save_as(place)
    return place


def made_by_the_program(film: Scene, export: Path, made: Path, *, signed: bool) -> bytes:
    """What `tocsin package` makes at the time that stands in `made`."""
    with zipfile.ZipFile(made) as opened_zip:
        at = json.loads(opened_zip.read("manifest.json"))["made_at"]
    with Sealed(export) as sealed:
        opened_export = Opened.begin(sealed, film.identity)
        key = film.custodian if signed else None
        return b"".join(make_package(opened_export, Kept(sealed.log), key, at, decisions={1: Decision.MUTE}))


WITHOUT_PICKER = (
    "delete window.showSaveFilePicker; Object.defineProperty(window, 'showSaveFilePicker', {value: undefined})"
)
INTO_OWN_STORE = """window.showSaveFilePicker = async ({suggestedName}) =>
  (await navigator.storage.getDirectory()).getFileHandle(suggestedName, {create: true})"""
READ_BACK = """async () => {
  const handle = await (await navigator.storage.getDirectory()).getFileHandle("package.zip");
  const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
  return Array.from(bytes, one => one.toString(16).padStart(2, "0")).join("");
}"""


def test_no_package_without_a_decision_and_then_the_programs_own_bytes(
    opened: OpenPage, node: str, film: Scene, tmp_path: Path
) -> None:
    page = opened("about:blank", accept_downloads=True)
    page.add_init_script(WITHOUT_PICKER)
    page.clock.set_fixed_time(film.clock.ms // 1000)  # whoever makes it does so after what was noted
    page.goto(f"{node}/en/desk/open")
    export = completed(film)
    choose(page, export, film.identity)
    expect(page.locator("#package form")).to_be_visible(timeout=60_000)
    expect(page.locator("#package")).to_contain_text("This browser cannot write straight to a file.")
    page.click("#package button[type=submit]")
    expect(page.locator("#package .problem")).to_have_text("Decide on each talk first.")
    expect(page.locator("#package input[type=radio]").first).to_be_focused()
    page.keyboard.press("Space")
    made = package_of(page, tmp_path / "made.zip")
    expect(page.locator("#package [role=status]")).to_contain_text(hashlib.sha256(made.read_bytes()).hexdigest())
    assert made.read_bytes() == made_by_the_program(film, export, made, signed=False)
    report = verify(made, Trust.read(json.dumps(film.trust()).encode()))
    assert [(step.name, step.codes) for step in report.steps if step.status != "PASS"] == [
        ("signature", ["unsigned"]), ("chunks", ["withheld"])
    ]  # fmt: skip
    assert not findings(page)
    page.goto(f"{node}/en/verify")
    page.set_input_files("#package", made)
    page.click("#check button")
    expect(page.locator("#results")).to_contain_text(
        "a talk with a lawyer or helper is not in this package", timeout=60_000
    )


def test_a_signed_package_is_written_straight_to_a_file(
    opened: OpenPage, node: str, film: Scene, tmp_path: Path
) -> None:
    page = opened("about:blank")
    page.add_init_script(INTO_OWN_STORE)
    page.goto(f"{node}/fr/desk/open")
    export, key = completed(film), tmp_path / "custodian.pem"
    private = Ed25519PrivateKey.from_private_bytes(film.custodian.seed)
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    choose(page, export, film.identity)
    page.locator("#package input[value=mute]").check()
    page.set_input_files("#custodian", export)
    page.click("#package button[type=submit]")
    expect(page.locator("#package .problem")).to_contain_text("clé Ed25519")
    page.set_input_files("#custodian", key)
    page.click("#package button[type=submit]")
    expect(page.locator("#package [role=status]")).to_contain_text("Le dossier est fait", timeout=60_000)
    made = tmp_path / "made.zip"
    made.write_bytes(bytes.fromhex(page.evaluate(READ_BACK)))
    assert made.read_bytes() == made_by_the_program(film, export, made, signed=True)


def test_the_exhibit_sheet_is_a_tagged_document(opened: OpenPage, node: str, film: Scene) -> None:
    page = opened(f"{node}/en/desk/open")
    open_film(page, film)
    page.click("#sheet-make")
    expect(page.locator("#sheet h1")).to_be_focused(timeout=60_000)
    first = hashlib.sha256(b"".join(page_slices(film))).hexdigest()
    expect(page.locator("#sheet")).to_contain_text(first)
    assert page.locator("#sheet table").count() == page.locator("#sheet caption").count() == 3
    assert page.locator("#sheet thead th[scope=col]").count() == 8
    assert not findings(page)
    printed = page.context.new_cdp_session(page).send("Page.printToPDF", {"generateTaggedPDF": True})
    pdf = base64.b64decode(printed["data"])
    assert b"/StructTreeRoot" in pdf
    assert b"/Lang (en)" in pdf
    assert b"/MarkInfo" in pdf
    for tag in (b"/H1", b"/H2", b"/Table", b"/TH", b"/TD", b"/L"):
        assert re.search(rb"/S " + tag + rb"\b", pdf), tag
    assert pdf.count(b"/S /Form") == 0


def page_slices(film: Scene) -> list[bytes]:
    """The first file of the film, from its sealed seconds."""
    with Sealed(film.sealed()) as sealed:
        _, bodies = next(files(Opened.begin(sealed, film.identity).seconds()))
        return list(bodies)


def test_nothing_of_the_desk_is_on_the_way_to_a_recording(built: Built) -> None:
    everywhere = b"".join(content for name, content in built.files.items() if name.endswith(".js"))
    assert all(mark in everywhere for mark in DESK_ONLY)
    names = {url.rpartition("/")[2] for url in (*built.reach(PHONE_PAGES), *built.scripts("first"))}
    assert len(names) > 3
    assert not [(name, mark) for name in names for mark in DESK_ONLY if mark in built.files[name]]
