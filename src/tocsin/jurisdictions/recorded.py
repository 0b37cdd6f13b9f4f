"""Recordings of a pack's rights cards, from its folder.

A recording belongs to a text: its name holds the text's hash, so that no voice says words which nobody wrote any more. What lies in
`cards/` was recorded by people of the place and comes before `cards/machine/`, which `./run cards` makes.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from tocsin.errors import TocsinError
from tocsin.jurisdictions.model import Pack, Recording

FOLDERS = ("cards", "cards/machine")
ENDINGS = (".m4a", ".mp3", ".ogg", ".wav", ".webm")
MOST_BYTES = 512 * 1024
"""A minute of speech. A phone keeps them all, and may pay for each."""


class RecordingTooLarge(TocsinError):
    code = "recording_too_large"
    status = 500
    message = "A recorded card is larger than 512 KiB. A phone has to fetch it: record it in mono, at 16 kbit a second."


def stem(language: str, text: str) -> str:
    """What the file of a card is called, without its ending: `es-1f2e3d4c`, after SHA-256 of its text."""
    return f"{language}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def find(folder: Path, language: str, text: str) -> Path | None:
    """The recording of a card in the folder of a pack; None where there is none."""
    named = (folder / place / f"{stem(language, text)}{ending}" for place in FOLDERS for ending in ENDINGS)
    return next((path for path in named if path.is_file()), None)


def recorded(folder: Path, cards: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[Recording | None, ...]]:
    """By language, the recording of each card, or None. Raises `RecordingTooLarge`."""
    return {code: tuple(read(find(folder, code, text)) for text in texts) for code, texts in cards.items()}


def read(path: Path | None) -> Recording | None:
    """Its bytes, under a name that holds their hash. Raises `RecordingTooLarge`."""
    if path is None:
        return None
    raw = path.read_bytes()
    if len(raw) > MOST_BYTES:
        raise RecordingTooLarge(where=path.name)
    mark = hashlib.sha256(raw).hexdigest()[:8].upper()
    return Recording(f"card-{path.stem}-{mark}{path.suffix}", raw)


def files_of(pack: Pack) -> dict[str, bytes]:
    """Every recording of a pack by its name, as a node serves them."""
    return {one.name: one.raw for cards in pack.recorded.values() for one in cards if one is not None}


def without_text(folder: Path, cards: Mapping[str, tuple[str, ...]]) -> Iterator[Path]:
    """Recordings of texts that the pack does not have any more. Nobody hears them."""
    known = {stem(code, text) for code, texts in cards.items() for text in texts}
    for place in FOLDERS:
        yield from sorted(
            path for path in (folder / place).glob("*") if path.suffix in ENDINGS and path.stem not in known
        )
