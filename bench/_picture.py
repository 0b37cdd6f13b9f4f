"""Pictures that say their own number: a film for Chromium's fake camera, and how to read it back after any codec.

A picture is a grid of black and white blocks: 16 bits of the number, then the same bits turned over, so that a picture the codec
spoiled is known for spoiled.
"""

from collections.abc import Sequence
from pathlib import Path

WIDTH, HEIGHT, FPS = 320, 240, 20
COLUMNS, ROWS = 8, 4
BITS = COLUMNS * ROWS // 2
BLACK, WHITE, GREY = 16, 235, 128
MIDDLE = 128


def film(place: Path, seconds: int) -> None:
    """Write a Y4M film of `seconds`, each picture with its number. Chromium shows it from the start when the camera opens."""
    chroma = bytes([GREY]) * (WIDTH * HEIGHT // 2)
    with place.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FPS}:1 Ip A1:1 C420mpeg2\n".encode())
        for number in range(seconds * FPS):
            file.write(b"FRAME\n" + _luma(number) + chroma)


def blocks(number: int) -> list[bool]:
    """White or not, row by row."""
    bits = [bool(number >> place & 1) for place in range(BITS)]
    return bits + [not bit for bit in bits]


def number_of(brightness: Sequence[int]) -> int | None:
    """The number of a picture from the brightness in the middle of each block, 0 to 255; None when it is spoiled."""
    white = [one > MIDDLE for one in brightness]
    number = sum(bit << place for place, bit in enumerate(white[:BITS]))
    return number if white == blocks(number) else None


def middles(width: int, height: int) -> list[tuple[int, int]]:
    """Middle of each block, x and y, in a picture of any size."""
    return [
        (int((column + 0.5) * width / COLUMNS), int((row + 0.5) * height / ROWS))
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]


def _luma(number: int) -> bytes:
    white = blocks(number)
    wide, high = WIDTH // COLUMNS, HEIGHT // ROWS
    lines = []
    for row in range(ROWS):
        line = b"".join(bytes([WHITE if white[row * COLUMNS + column] else BLACK]) * wide for column in range(COLUMNS))
        lines.append(line * high)
    return b"".join(lines)
