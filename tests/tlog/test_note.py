"""A note's text counts only under a signature of a key that was trusted before."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.crypto.keys import SigningKey
from tocsin.tlog import checkpoint, note
from tocsin.tlog.note import NoteMalformed, NoteUntrusted

# Published by the Go checksum database.
SUM_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

KEY = SigningKey(b"n" * 32)
NAME = "tocsin.example/receipts"
VKEY = note.VerifierKey(NAME, note.ED25519, KEY.public)


def test_a_published_verifier_key_reads_and_prints_the_same() -> None:
    key = note.parse_vkey(SUM_VKEY)
    assert (key.name, key.kind, key.key_id.hex()) == ("sum.golang.org", note.ED25519, "033de0ae")
    assert str(key) == SUM_VKEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        SUM_VKEY.replace("033de0ae", "033de0af"),
        SUM_VKEY.replace("033de0ae", "033DE0AE"),
        SUM_VKEY[:-4],
        SUM_VKEY.replace("+Ac4", "+As4"),
        SUM_VKEY.replace("sum.golang.org", "sum golang"),
    ],
)
def test_a_verifier_key_with_any_flaw_is_refused(text: str) -> None:
    with pytest.raises(NoteMalformed):
        note.parse_vkey(text)


def test_a_published_checkpoint_is_trusted_under_its_published_key() -> None:
    vector = json.loads(Path("vectors/tlog/signed_note.json").read_text())
    found = note.parse(vector["note"])
    note.verify(found, note.parse_vkey(vector["vkey"]))
    assert checkpoint.parse_text(found.text).size == 15_067_302
    with pytest.raises(NoteUntrusted):
        note.verify(note.Note(found.text.replace("2\n", "3\n"), found.signatures), note.parse_vkey(vector["vkey"]))


@given(st.text(st.characters(blacklist_categories=["Cc", "Cs"]) | st.just("\n")))
def test_a_signed_note_reads_back_with_any_text(text: str) -> None:
    signed = note.sign(text + "\n", NAME, KEY)
    again = note.parse(str(signed))
    assert again == signed
    note.verify(again, VKEY)


def test_a_note_under_another_key_is_untrusted() -> None:
    signed = note.sign("text\n", NAME, KEY)
    other = note.VerifierKey(NAME, note.ED25519, SigningKey(b"o" * 32).public)
    with pytest.raises(NoteUntrusted):
        note.verify(signed, other)


def test_one_wrong_line_of_a_trusted_key_spoils_the_note() -> None:
    signed = note.sign("text\n", NAME, KEY)
    wrong = note.Signature(NAME, VKEY.key_id, b"\0" * 64)
    with pytest.raises(NoteUntrusted):
        note.verify(note.Note(signed.text, (*signed.signatures, wrong)), VKEY)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no signatures\n",
        b"text\n\n",
        b"text\n\nnot a signature\n",
        "text\n\n— name AAAAAAA=\n".encode()[:-1],
        "text\n\n— name AAAAAA==\n".encode(),
        "tab\t\n\n— name AAAAAAA=\n".encode(),
        b"\xff\n\n",
        "text\n\n— na+me AAAAAAAAAA==\n".encode(),
    ],
)
def test_what_is_not_a_note_is_refused(raw: bytes) -> None:
    with pytest.raises(NoteMalformed):
        note.parse(raw)


def test_a_line_that_stands_is_not_replaced_by_a_later_one() -> None:
    signed = note.sign("text\n", NAME, KEY)
    later = note.Signature(NAME, VKEY.key_id, b"\1" * 64)
    other = note.Signature("other.example", b"\0\0\0\1", b"\2" * 64)
    assert signed.adding([later, other]).signatures == (*signed.signatures, other)


def test_a_checkpoint_signed_for_another_origin_is_untrusted() -> None:
    head = checkpoint.Checkpoint("other.example/log", 1, b"\0" * 32)
    signed = note.sign(head.text, NAME, KEY)
    with pytest.raises(NoteUntrusted):
        checkpoint.open_checkpoint(str(signed), VKEY)


ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


@pytest.mark.parametrize(
    "text",
    [
        f"\n1\n{ROOT}\n",
        f"origin\n01\n{ROOT}\n",
        f"origin\n-1\n{ROOT}\n",
        f"origin\n+1\n{ROOT}\n",
        f"origin\n9223372036854775808\n{ROOT}\n",
        f"origin\n\u0661\n{ROOT}\n",
        "origin\n1\nAAAA\n",
        f"origin\n1\n{ROOT[:-2]}J=\n",
        f"origin\n1\n{ROOT}",
        f"origin\n1\n{ROOT}\n\n",
        "origin\n1\n",
    ],
)
def test_a_checkpoint_has_one_spelling(text: str) -> None:
    with pytest.raises(NoteMalformed):
        checkpoint.parse_text(text)


def test_extension_lines_are_carried_and_not_read() -> None:
    found = checkpoint.parse_text(f"origin\n20852163\n{ROOT}\nsomething\n")
    assert (found.size, found.extension) == (20852163, ("something",))
    assert found.text == f"origin\n20852163\n{ROOT}\nsomething\n"
