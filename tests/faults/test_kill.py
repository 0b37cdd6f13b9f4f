"""F1, short form: kill -9 in the middle of uploads loses nothing that was acknowledged."""

from pathlib import Path

from tests.faults import f01_kill


def test_twenty_kills_lose_nothing_and_every_fail_point_is_among_them(tmp_path: Path) -> None:
    assert set(f01_kill.names()) <= {*f01_kill.plan(f01_kill.short()), *f01_kill.FIRST_START, *f01_kill.ELSEWHERE}
    for name, test in f01_kill.ELSEWHERE.items():
        assert f'"{name}"' in (f01_kill.SOURCE.parent / test).read_text()
    tally = f01_kill.run(tmp_path, f01_kill.short())
    assert tally.kills >= 20
    assert tally.acknowledged > 100
    assert (tally.lost, tally.duplicated, tally.uncovered) == (0, 0, 0)
