"""`python -m tests.fuzz.parsers TARGET SECONDS FOLDER`: one target under atheris, or all of them in one process ("all").

Coverage leads: what reaches a new branch is kept in FOLDER and grown from. Exit status 0 when nothing was found; else libFuzzer's
own, with the input in FOLDER. With all, the first byte of an input says whose it is.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]  # x86_64 Linux alone

LONGEST = 200_000


@atheris.instrument_func  # type: ignore[untyped-decorator,unused-ignore]
def planted(raw: bytes) -> None:
    """A parser with a hole, for trying whether the fuzzer finds one."""
    if raw[:1] == b"t" and len(raw) > 2 and raw[1] == raw[2] ^ 1 and raw[2] > 0x60:
        raise KeyError(raw[2])


def chosen(name: str) -> tuple[Callable[[bytes], None], list[bytes]]:
    """What is called, and the inputs to begin with."""
    if name == "planted":
        return planted, [b"tocsin"]
    with atheris.instrument_imports(include=["tocsin"]):
        from tests.fuzz.targets import TARGETS
    if name != "all":
        target = next(one for one in TARGETS if one.name == name)
        return target.read, list(target.seeds())

    def each(raw: bytes) -> None:
        if raw:
            TARGETS[raw[0] % len(TARGETS)].read(raw[1:])

    return each, [bytes([number]) + seed for number, target in enumerate(TARGETS) for seed in target.seeds()]


def main() -> None:
    name, seconds, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    read, seeds = chosen(name)
    begin, grown = folder / "begin", folder / "grown"
    for place in (begin, grown):
        place.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (begin / f"{number:04}").write_bytes(seed)
    flags = [
        f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1",
        f"-artifact_prefix={folder}/found-",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *flags, str(grown), str(begin)], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
