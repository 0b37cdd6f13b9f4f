"""The colours are what the design says they are, and the sheets lay out from either side."""

import re

import pytest

from tests.rules.tree import ROOT

CSS = ROOT / "client" / "css"
TOKENS = (CSS / "_tokens.css").read_text()
LIGHT, DARK = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", part)) for part in TOKENS.split("@media"))
DARK = LIGHT | DARK

PAIRS = [
    ("ink", "paper", 7),
    ("ink", "wash", 7),
    ("muted", "paper", 4.5),
    ("muted", "wash", 4.5),
    ("link", "paper", 4.5),
    ("link", "wash", 4.5),
    ("stop", "paper", 4.5),
    ("stop", "wash", 4.5),
    ("on-stop", "stop", 4.5),
    ("on-go", "go", 4.5),
    ("on-warn", "warn", 7),
    ("edge", "paper", 3),
    ("focus", "focus-edge", 3),
]


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_contrast(tokens: dict[str, str], front: str, back: str, least: float) -> None:
    assert contrast(tokens[front], tokens[back]) >= least


def test_every_sheet_is_laid_out_by_start_and_end_not_by_left_and_right() -> None:
    physical = re.compile(
        r"(?:^|[\s;{])(?:left|right|top|bottom|width|height|(?:margin|padding|border)-(?:left|right|top|bottom))\s*:|\[dir",
        re.MULTILINE,
    )
    for path in CSS.glob("*.css"):
        text = re.sub(r"@media[^{]*", "", path.read_text())
        assert not physical.search(text), path.name


def test_colours_stand_in_one_file() -> None:
    for path in CSS.glob("*.css"):
        if path.name not in {"_tokens.css", "_print.css"}:
            assert not re.search(r"#[0-9a-fA-F]{3,8}\b", path.read_text()), path.name


def test_nothing_is_fetched_from_a_sheet() -> None:
    for path in CSS.glob("*.css"):
        assert "url(" not in path.read_text()
        assert "@font-face" not in path.read_text()


def test_motion_is_short_and_only_for_who_did_not_refuse_it() -> None:
    for path in CSS.glob("*.css"):
        before, _, after = path.read_text().partition("prefers-reduced-motion: no-preference")
        assert not re.search(r"\b(?:transition|animation)\b", before)
        assert all(int(ms) <= 150 for ms in re.findall(r"(\d+)ms", after))
