"""Rooms of the client never import rooms, nor what stands below them what stands above. They meet in pages and in the worker."""

import re
from pathlib import Path

import pytest

from tests.rules.tree import ROOT, ending, short

FOUNDATIONS = ("crypto", "phone", "ui", "evidence", "faces", "push", "staff")
"""From the ground up: each may import those before it."""
MEETING = re.compile(r".*\.page\.ts|offline/.*|desk/console\.ts")
"""Pages, the worker, and the legal desk's page as it is loaded for lawyers alone."""
IMPORT = re.compile(r'(?:from|import)\s*\(?\s*"(\.{1,2}/[^"]+\.ts)"')
SOURCE = ROOT / "client" / "src"


def wrong(path: Path, text: str) -> list[str]:
    """What the file at `path`, holding `text`, may not import."""
    room = path.relative_to(SOURCE).parts[0]
    below = FOUNDATIONS[: FOUNDATIONS.index(room)] if room in FOUNDATIONS else FOUNDATIONS
    named = [(path.parent / found).resolve().relative_to(SOURCE) for found in IMPORT.findall(text)]
    return [str(one) for one in named if one.parts[0] not in {room, *below}]


@pytest.mark.parametrize("path", ending(".ts", under="client/src"), ids=short)
def test_rooms_of_the_client_never_import_rooms(path: Path) -> None:
    if not MEETING.fullmatch(str(path.relative_to(SOURCE))):
        assert wrong(path, path.read_text()) == []


def test_an_import_of_another_room_or_of_what_stands_above_is_found() -> None:
    assert wrong(SOURCE / "alerts" / "one.ts", 'import type { Word } from "../circle/said.ts";') == ["circle/said.ts"]
    assert wrong(SOURCE / "phone" / "one.ts", 'void import("../ui/page.ts");') == ["ui/page.ts"]
    assert wrong(SOURCE / "desk" / "cover" / "one.ts", 'import "../../crypto/bytes.ts"; import "../lines.ts";') == []
