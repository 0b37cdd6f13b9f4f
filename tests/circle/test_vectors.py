"""What the page derives and seals, the node derives and opens: known answers that TypeScript reads too."""

import json
from pathlib import Path

import pytest

from tocsin.circle import sealed
from tocsin.circle.model import CircleUnknown, Kind
from tocsin.circle.read import said_of
from tocsin.deliver.message_encryption import PADDED_BYTES
from tocsin.ids import unb64

KNOWN = json.loads((Path(__file__).parents[2] / "vectors/circle/known.json").read_text())


def raw(name: str) -> bytes:
    return bytes.fromhex(KNOWN[name])


def test_names_and_keys_are_those_of_the_page() -> None:
    assert sealed.derived(raw("link"), b"share") == raw("share")
    assert sealed.place_id(raw("share")) == raw("place_number")
    assert sealed.derived(raw("share"), b"endpoint") == raw("endpoint_key")
    assert sealed.door_id(raw("door")) == raw("door_number")
    assert sealed.derived(raw("door"), b"note") == raw("note_key")


def test_a_door_that_the_page_sealed_opens_and_no_other_does() -> None:
    box = unb64(KNOWN["door_box"])
    opened = sealed.open_door(raw("door"), box)
    assert (opened.kind, opened.words_name + opened.note_key, opened.certificate) == (Kind.PHONE, raw("tail"), b"")
    assert list(opened.places) == [sealed.derived(bytes.fromhex(link), b"share") for link in KNOWN["links"]]
    for wrong in (box[:-1] + bytes([box[-1] ^ 1]), box[:-16]):
        with pytest.raises(CircleUnknown):
            sealed.open_door(raw("door"), wrong)
    with pytest.raises(CircleUnknown):
        sealed.open_door(raw("words_door"), box)


@pytest.mark.parametrize("name", KNOWN["wires"])
def test_every_message_fits_the_one_size_and_says_what_it_says(name: str) -> None:
    wire = KNOWN["wires"][name]
    assert len(wire) < PADDED_BYTES
    assert said_of(json.loads(wire)["said"]).at == KNOWN["at"]
