"""A pack is read whole or refused."""

from pathlib import Path

import pytest

from tocsin.jurisdictions.load import SHIPPED, PackMalformed, PackUnknown, load, shipped
from tocsin.jurisdictions.model import AREA_FLOOR, DESK_KEY_WAIT_S, Permission, RiskRoom


@pytest.mark.parametrize("name", shipped())
def test_shipped_packs_can_be_read(name: str) -> None:
    pack = load(name)
    assert pack.id == name
    assert set(pack.recording_page) == set(pack.languages)
    assert pack.area_floor >= AREA_FLOOR


def test_the_sample_says_that_it_is_one_and_that_nobody_reviewed_it() -> None:
    pack = load("minneapolis-sample")
    assert pack.is_sample
    assert "sample" in pack.name
    assert not pack.review.is_done
    assert "sample page" in pack.recording_page["en"].paragraphs[0]


def test_france_has_no_fleet_and_limited_alerts() -> None:
    pack = load("france")
    assert RiskRoom.FLEET not in pack.rooms
    assert pack.rooms[RiskRoom.ALERTS] is Permission.LIMITED
    assert pack.desk_key_wait_s == DESK_KEY_WAIT_S


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('country = "US"', 'country = "US"\ncolour = "red"'),
        ('recording-advice = "on"', 'recording-advise = "on"'),
        ('recording-advice = "on"', 'recording-advice = "yes"'),
        ('emergency_number = "911"\n', ""),
        ('country = "US"', 'country = "US"\narea_floor = 1999'),
        ("is_sample = true", "is_sample = false"),
        ('date = ""', 'date = "last week"'),
        ('languages = ["en", "es", "fr"]', 'languages = ["en", "es"]'),
        ("[review]", "[review"),
    ],
    ids=[
        "unknown_field",
        "unknown_room",
        "unknown_permission",
        "no_emergency_number",
        "floor_lowered",
        "desk_key_too_soon_outside_a_sample",
        "date_that_is_none",
        "page_in_a_language_not_offered",
        "not_toml",
    ],
)
def test_a_pack_that_is_not_understood_is_refused(tmp_path: Path, before: str, after: str) -> None:
    text = (SHIPPED / "minneapolis-sample" / "pack.toml").read_text()
    assert before in text
    (tmp_path / "pack.toml").write_text(text.replace(before, after))
    with pytest.raises(PackMalformed):
        load(str(tmp_path))


def test_no_such_pack() -> None:
    with pytest.raises(PackUnknown):
        load("atlantis")


def test_operators_own_pack_without_places_has_no_areas(tmp_path: Path) -> None:
    (tmp_path / "pack.toml").write_text((SHIPPED / "minneapolis-sample" / "pack.toml").read_text())
    assert load(str(tmp_path)).areas == ()
