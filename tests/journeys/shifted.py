"""`python -m tests.journeys.shifted FILE ARGUMENTS...`: the `tocsin` program on another day.

FILE holds eight bytes: how many milliseconds its clock is ahead. Nothing of this is reachable from the product.
"""

import mmap
import sys
from pathlib import Path

from tocsin import clock


def main() -> None:
    with Path(sys.argv[1]).open("rb") as file:
        ahead = mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ)
    true = clock.SystemClock.now_ms

    def now_ms(self: clock.SystemClock) -> int:
        return true(self) + int.from_bytes(ahead[:8])

    clock.SystemClock.now_ms = now_ms  # type: ignore[method-assign]
    from tocsin.cli import main as program

    program(sys.argv[2:])


if __name__ == "__main__":
    main()
