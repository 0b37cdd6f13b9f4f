"""How a command asks a running node: it leaves a wish in the inbox and waits for the file that answers."""

import threading
from pathlib import Path

import click

from tocsin.clock import SystemClock
from tocsin.node import OUT
from tocsin.people import inbox
from tocsin.settings import Settings

ANSWER_STEP = 0.1
ANSWER_PATIENCE = 20.0


def asked(settings: Settings, wish: dict[str, object]) -> Path:
    """The file in which a running node answers. Waits as long as it grows."""
    clock = SystemClock()
    name = clock.random_bytes(16).hex()
    place = Path(settings.folder) / OUT / name
    inbox.drop(Path(settings.folder), wish | {"to": name}, clock)
    waited, known = 0.0, -1
    while not place.exists():
        size = _size(place.with_name(f"{name}.draft"))
        waited, known = (0.0, size) if size != known else (waited + ANSWER_STEP, known)
        if waited > ANSWER_PATIENCE:
            raise click.ClickException("The node did not answer. Is it running? `tocsin check` tells.")
        threading.Event().wait(ANSWER_STEP)
    return place


def _size(draft: Path) -> int:
    """Bytes of what is being written; -1 before and after: it gets its name between two looks."""
    try:
        return draft.stat().st_size
    except FileNotFoundError:
        return -1
