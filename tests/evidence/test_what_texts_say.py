"""What the texts of a package say of what it is, as somebody reads them who wants to find a sentence untrue."""

from pathlib import Path

import pytest

from tests.evidence.scene import Scene
from tests.evidence.test_package import flat, texts
from tocsin.evidence.calls import Decision
from tocsin.evidence.verify import verify
from tocsin.evidence.words_of_package import WIDTH


@pytest.mark.parametrize(
    ("is_stopped", "state", "fact"),
    [
        (
            True,
            ("handed in to its end", "remis jusqu’au bout"),
            "the file was handed in to its end, by the phone's word.",
        ),
        (
            False,
            ("CUT, not handed in to its end", "COUPÉ, pas remis jusqu’au bout"),
            "the handing in was CUT: the file is not whole.",
        ),
    ],
)
def test_an_import_is_called_handed_in_and_never_stopped(
    tmp_path: Path, state: tuple[str, str], fact: str, *, is_stopped: bool
) -> None:
    made = Scene(tmp_path, kind="import", is_stopped=is_stopped).package()
    told = texts(made)
    names = ("fre-902-13-system", "fr-cpc-202-attestation")
    for name, words in zip(names, state, strict=True):
        assert f"{words}\n" in told[f"certificates/{name}.txt"]
        assert not {"stopped", "arrêté"} & {line.strip() for line in told[f"certificates/{name}.txt"].splitlines()}
    [said, *_] = verify(made).facts
    assert fact in said
    assert "Whether the same phone" not in verify(made).as_text()


LATER = {
    "README.txt": (
        "Whether the same phone went on in another recording cannot be told",
        "what arrived at the node of what was recorded",
    ),
    "README.es.txt": (
        "no permite saber si el mismo teléfono siguió en otra grabación",
        "lo que de lo grabado llegó al nodo",
    ),
    "README.fr.txt": (
        "ne permet pas de savoir si le même téléphone a continué",
        "ce qui, de l’enregistrement, est arrivé au nœud",
    ),
}


@pytest.mark.parametrize("muted", [False, True])
def test_the_first_part_of_a_cut_recording_says_what_it_does_not_know(tmp_path: Path, *, muted: bool) -> None:
    """Only a later recording names the earlier one; and what had not left the phone is not here."""
    cut = Scene(tmp_path, b"cut", is_stopped=False, call_at=4 if muted else 0)
    (tmp_path / "cut.zip").write_bytes(b"".join(cut.parts(decisions={1: Decision.MUTE} if muted else None)))
    told, whole = texts(tmp_path / "cut.zip"), texts(Scene(tmp_path, b"whole").package())
    for name, sentences_ in LATER.items():
        assert [one in flat(told[name]) for one in sentences_] == [True, True]
        assert [one in flat(whole[name]) for one in sentences_] == [False, False]
    report = verify(tmp_path / "cut.zip")
    assert "Whether the same phone went on in another recording cannot be told" in report.facts[1]


def test_a_continuation_does_not_say_that_the_phone_knew_the_last_chunk(tmp_path: Path) -> None:
    """What a page seals as it goes away can reach the node though the phone never noted it."""
    made = Scene(tmp_path, continues=("A" * 22, 41)).package()
    told = flat(texts(made)["README.txt"])
    assert "the newest chunk of it that it still knew of was number 41; a later one may have reached the node." in told
    assert f"continues {'A' * 22}, of which chunk 41 was the newest that it still knew of." in verify(made).facts[1]


def test_no_text_says_more_than_a_package_can_show(made: Path) -> None:
    told = {name: flat(text) for name, text in texts(made).items() if not name.startswith("system/verify")}
    assert "Of the phone there is only what it said of its browser" in told["README.txt"], "capture.json has it"
    for name in ("certificates/fre-902-13-system.txt", "system/description.txt"):
        assert "each minute, unless the node is set otherwise" in told[name]
        assert "every minute" not in told[name]
    assert "ran it unchanged is not shown by any check" in told["system/description.txt"]
    assert "by the phone's own counter and with its pauses" in told["README.txt"]


@pytest.mark.parametrize("kind", ["encounter", "rehearsal", "import"])
@pytest.mark.parametrize("is_stopped", [True, False])
def test_every_line_fits_a_sheet(tmp_path: Path, kind: str, *, is_stopped: bool) -> None:
    """But for the commands of VERIFY.txt, which are typed and not read."""
    told = texts(Scene(tmp_path, kind=kind, is_stopped=is_stopped, is_sample=True, continues=("A" * 22, 4)).package())
    read = [name for name in told if name.startswith(("README", "certificates/", "retention", "system/description"))]
    assert len(read) == 10
    assert [line for name in read for line in told[name].splitlines() if len(line) > WIDTH] == []
