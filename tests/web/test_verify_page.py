"""The page that checks a package, in a real browser: the vectors, nothing sent, hostile text as text."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.evidence.make_vectors import FOLDER, put_together
from tests.evidence.scene import Scene
from tests.web.conftest import OpenPage
from tests.web.test_accessible import findings
from tocsin.web import i18n

LANGUAGES = i18n.load()
TRUST = FOLDER / "trust.json"


@pytest.fixture
def vector(tmp_path: Path) -> "Vector":
    return Vector(tmp_path)


class Vector:
    """Puts a file of vectors/package together."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def __call__(self, name: str) -> Path:
        told = json.loads((FOLDER / f"{name}.json").read_text())
        made = self._place / f"{name}.zip"
        made.write_bytes(put_together((FOLDER / told["of"]).read_bytes(), told["pieces"]))
        return made


def check(page: Page, package: Path, trust: Path | None = TRUST) -> None:
    page.set_input_files("#package", package)
    page.set_input_files("#trust", [])
    if trust:
        page.set_input_files("#trust", trust)
    page.click("#check button")
    expect(page.locator("#results h2")).to_be_visible(timeout=60_000)


def statuses(page: Page) -> list[str]:
    return [str(text) for text in page.locator("#results tbody td:nth-child(2)").all_text_contents()]


def test_an_honest_package_is_right_in_all_that_is_checked_here(opened: OpenPage, node: str, vector: Vector) -> None:
    page = opened(f"{node}/en/verify")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    check(page, vector("honest"))
    assert statuses(page) == ["PASS"] * 8 + ["NOT PROVEN", "PASS"]
    expect(page.locator("#results")).to_contain_text("checked only by the other verifier or by openssl")
    expect(page.locator("#results")).to_contain_text("a quorum of witnesses says so")
    expect(page.locator("#results")).to_contain_text("those before its last entry; later ones are the node’s word")
    assert set(sent) <= {"GET"}
    assert findings(page) == []


def test_a_rehearsal_and_an_import_are_marked_in_the_readers_language(
    opened: OpenPage, node: str, vector: Vector
) -> None:
    page = opened(f"{node}/es/verify")
    for name, mark in (("honest_rehearsal", "ENSAYO."), ("honest_import", "NO SE GRABÓ AQUÍ.")):
        check(page, vector(name))
        expect(page.locator("#results .rehearsing")).to_contain_text(mark)
    assert findings(page) == []
    page.emulate_media(media="print")
    style = "one => [getComputedStyle(one).borderTopStyle, getComputedStyle(one.parentElement).display]"
    assert page.locator("#results .rehearsing").evaluate(style) == ["solid", "block"], "no background is printed"


@pytest.mark.parametrize("code", ["en", "es", "fr"])
def test_both_parts_of_a_cut_recording_say_that_there_is_or_may_be_another(
    opened: OpenPage, node: str, vector: Vector, tmp_path: Path, code: str
) -> None:
    page, say = opened(f"{node}/{code}/verify"), LANGUAGES[code].say
    known = ("A" * 22, 41)
    for changes, told in (
        ({"is_stopped": False}, [say("verify.cut")]),
        ({"continues": known}, [say("verify.continues", recording=known[0], n=str(known[1]))]),
        ({"kind": "import", "is_stopped": False}, [say("verify.cut_import")]),
    ):
        seed = "".join(changes).encode()
        check(page, Scene(tmp_path, seed, **changes).package(), None)
        assert page.locator("#results p.problem").all_text_contents() == told
    assert findings(page) == []
    check(page, vector("honest"))
    assert page.locator("#results p.problem").count() == 0


@pytest.mark.parametrize(
    ("name", "step"), [("a_bit_of_a_chunk", 4), ("a_forged_witness", 6), ("bytes_after_the_end", 1)]
)
def test_a_changed_package_fails_in_red_at_its_step(
    opened: OpenPage, node: str, vector: Vector, name: str, step: int
) -> None:
    page = opened(f"{node}/es/verify")
    check(page, vector(name))
    assert statuses(page).index("FALLA") == step - 1
    expect(page.locator("#results h2.problem")).to_be_focused()
    told = page.locator("#results tr", has=page.locator("td.problem")).first
    expect(told).to_contain_text("no es lo que dice de ello el paquete")


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_on_a_phone_what_a_step_found_has_the_width_of_the_screen(
    opened: OpenPage, node: str, vector: Vector, language: str
) -> None:
    page = opened(f"{node}/{language}/verify")
    check(page, vector("honest"))
    widths = page.evaluate("[...document.querySelectorAll('#results td.long')].map(one => one.clientWidth)")
    assert min(widths) >= 300
    assert findings(page) == []


def test_notes_of_before_they_were_signed_are_missing_in_words(opened: OpenPage, node: str, vector: Vector) -> None:
    page = opened(f"{node}/es/verify")
    check(page, vector("honest_of_before_notes_were_signed"))
    assert statuses(page)[7] == "FALTA"
    expect(page.locator("#results")).to_contain_text("Algunas notas del nodo no están firmadas")


def test_what_is_no_package_is_said_and_a_broken_trust_file_too(opened: OpenPage, node: str, tmp_path: Path) -> None:
    page = opened(f"{node}/fr/verify")
    (tmp_path / "x.zip").write_text("<img src=x onerror=alert(1)>")
    check(page, tmp_path / "x.zip", None)
    assert page.locator("#results tr").count() == 0
    page.set_input_files("#trust", tmp_path / "x.zip")
    page.click("#check button")
    expect(page.locator("#problem")).to_be_visible()


def test_nothing_chosen_is_said(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/verify")
    page.click("#check button")
    expect(page.locator("#problem")).to_have_text("Choose a package first.")
    assert page.locator("#package").get_attribute("aria-invalid") == "true"
