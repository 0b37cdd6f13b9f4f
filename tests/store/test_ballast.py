"""The reserve: there when the disk is full, given back only when there is room."""

from pathlib import Path

import pytest

from tocsin.store import ballast as ballast_file
from tocsin.store.ballast import Ballast, free_space

SIZE = 4 << 20


def test_the_reserve_is_made_of_real_blocks_and_can_be_given_away(tmp_path: Path) -> None:
    before = free_space(tmp_path)
    ballast = Ballast.open(tmp_path, SIZE)
    assert SIZE <= ballast.held < SIZE + 65536
    assert ballast.release() >= SIZE
    assert ballast.held == 0
    assert ballast.release() == 0
    assert before > 0


def test_the_reserve_survives_a_restart_and_is_taken_up_again(tmp_path: Path) -> None:
    Ballast.open(tmp_path, SIZE).release()
    again = Ballast.open(tmp_path, SIZE)
    assert again.held >= SIZE
    assert again.refill()


def test_the_reserve_leaves_as_much_free_as_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ballast = Ballast.open(tmp_path, SIZE)
    ballast.release()
    monkeypatch.setattr(ballast_file, "free_space", lambda _directory: 2 * SIZE - 1)
    assert not ballast.refill()
    assert ballast.held == 0
    monkeypatch.setattr(ballast_file, "free_space", lambda _directory: 2 * SIZE)
    assert ballast.refill()
