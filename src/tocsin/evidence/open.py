"""Write the originals of a sealed recording in clear: the media exactly as the phone's recorder gave it."""

import os
from pathlib import Path
from typing import NamedTuple

from tocsin.errors import TocsinError
from tocsin.evidence import originals
from tocsin.evidence.opened import Opened

PRIVATE, OWNER_ONLY = 0o700, 0o600


class FolderTaken(TocsinError):
    code = "folder_taken"
    status = 409
    message = "There is already a file of that name in the folder. Choose an empty folder; nothing was overwritten."


class Written(NamedTuple):
    """A file in clear and its size in bytes."""

    path: Path
    size: int


def open_originals(opened: Opened, folder: Path) -> list[Written]:
    """Write every original into `folder`, a chunk at a time, each chunk checked before it is written.

    Raises `FolderTaken`, or what opening a chunk raises: then everything before that chunk is in the folder, and is good.
    """
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    done = []
    for name, bodies in originals.files(opened.seconds()):
        path = folder / name.removeprefix("original/")
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
                size = sum(file.write(body) for body in bodies)
        except FileExistsError as error:
            raise FolderTaken from error
        done.append(Written(path, size))
    return done
