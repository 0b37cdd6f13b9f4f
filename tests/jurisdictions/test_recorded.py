"""A card's recording says the card's text: whoever changes one has to change the other, and a person's voice comes first."""

import shutil
from array import array
from pathlib import Path

import av
import pytest
from click.testing import CliRunner

from tocsin.jurisdictions.commands import cards as listed
from tocsin.jurisdictions.load import SHIPPED, load, shipped
from tocsin.jurisdictions.model import Recording
from tocsin.jurisdictions.recorded import MOST_BYTES, RecordingTooLarge, find, recorded, stem, without_text

SAMPLE = SHIPPED / "minneapolis-sample"
TEXT = "Sign nothing that you do not understand."
LETTERS_A_SECOND = (6, 20)
"""What speech has room for: a recording outside of it is of another text, or of none."""
QUIETEST, LARGEST_OF_A_LANGUAGE = 0.03, 96 * 1024
RATE = 16_000


def sound_of(recording: Recording, folder: Path) -> "array[int]":
    """Its samples, decoded by somebody else's library; it is Opus in one channel."""
    path = folder / recording.name
    path.write_bytes(recording.raw)
    samples = array("h")
    with av.open(str(path)) as film:
        track = film.streams.audio[0]
        assert (track.codec_context.name, track.codec_context.layout.name) == ("opus", "mono")
        as_heard = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        for frame in film.decode(track):
            for one in as_heard.resample(frame):
                samples.frombytes(bytes(one.planes[0])[: one.samples * 2])
    return samples


def packs_that_ring() -> list[str]:
    return [name for name in shipped() if load(name).calls is not None]


@pytest.mark.parametrize("name", packs_that_ring())
def test_every_card_has_a_recording_as_long_as_its_text_that_can_be_heard(name: str, tmp_path: Path) -> None:
    pack = load(name)
    assert pack.calls is not None
    for code, texts in pack.calls.cards.items():
        heard = pack.recorded[code]
        assert len(heard) == len(texts)
        for text, one in zip(texts, heard, strict=True):
            assert one is not None, f"./run cards {name} makes the recording of: {text}"
            samples = sound_of(one, tmp_path)
            least, most = LETTERS_A_SECOND
            assert least <= len(text) / (len(samples) / RATE) <= most, text
            assert (sum(each * each for each in samples) / len(samples)) ** 0.5 / 32_768 > QUIETEST, text
        assert sum(len(one.raw) for one in heard if one is not None) <= LARGEST_OF_A_LANGUAGE
    assert not [*without_text(SHIPPED / name, pack.calls.cards)]


def test_a_text_that_was_changed_has_no_recording_until_somebody_makes_one(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SAMPLE, tmp_path / "pack"))
    before = load(str(folder)).recorded["en"]
    written = (folder / "pack.toml").read_text().replace(TEXT, "Sign nothing.")
    (folder / "pack.toml").write_text(written)
    pack = load(str(folder))
    assert pack.calls is not None
    assert pack.recorded["en"] == (*before[:5], None)
    said = CliRunner().invoke(listed, [str(folder)])
    assert said.exit_code == 1
    assert f"cards/{stem('en', 'Sign nothing.')}.webm  no recording" in said.output
    assert f"cards/machine/{stem('en', TEXT)}.webm  belongs to no card" in said.output


def test_a_voice_of_the_place_comes_before_the_machines(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SAMPLE, tmp_path / "pack"))
    own = folder / "cards" / f"{stem('en', TEXT)}.m4a"
    own.write_bytes(b"somebody of this city")
    assert find(folder, "en", TEXT) == own
    last = load(str(folder)).recorded["en"][-1]
    assert last is not None
    assert last.raw == b"somebody of this city"
    assert last.name.endswith(".m4a")
    said = CliRunner().invoke(listed, [str(folder)])
    assert said.exit_code == 0
    assert f"  cards/{own.name}\n    {TEXT}" in said.output


def test_what_is_too_large_for_a_phone_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "cards" / f"{stem('en', TEXT)}.wav"
    own.parent.mkdir()
    own.write_bytes(bytes(MOST_BYTES + 1))
    with pytest.raises(RecordingTooLarge):
        recorded(tmp_path, {"en": (TEXT,)})


def test_another_language_is_another_recording() -> None:
    assert stem("en", TEXT) != stem("es", TEXT)
