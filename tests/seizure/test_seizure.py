"""The short form of the seizure trial, and what its own tools promise."""

import base64
import gzip
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest

from tests.rules.tree import ROOT
from tests.seizure import backups, chance, inference, page, report
from tests.seizure.acquire import Seized
from tests.seizure.encodings import LEAST_BYTES, forms
from tests.seizure.leaks import LEAKS, SHORT_GROUP
from tests.seizure.search import Needles
from tests.seizure.truths import Truth, digests
from tocsin.clock import SystemClock
from tocsin.crypto import envelope
from tocsin.store import archive

FIGURE = Truth("phone", b"+1 612 555 0142")


def test_nothing_is_recovered_and_every_planted_leak_of_the_short_form_is_found() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.seizure", "--short", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "{" in ran.stdout, ran.stderr[-3000:]
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["recovered"] == 0, ran.stdout
    if not told["skipped"]:
        assert (told["planted"], told["planted_found"]) == (8, 8), ran.stdout
    assert ran.returncode == 0 or told["skipped"]
    assert len(told["figures"]) * len(report.GATED) <= chance.QUESTIONS


def test_every_leak_of_a_group_has_a_mark_of_its_own() -> None:
    marks = [(leak.group, leak.mark) for leak in LEAKS]
    assert len(set(marks)) == len(marks) == 24
    assert sum(leak.group == SHORT_GROUP for leak in LEAKS) == 8


@pytest.mark.parametrize(
    "hidden",
    [
        FIGURE.value,
        FIGURE.value.decode().encode("utf-16-le"),
        b"16125550142",
        b"24105552161",
        (16125550142).to_bytes(8, "little"),
        b"%2B1%20612%20555%200142",
        FIGURE.value.hex().encode(),
        *(base64.b64encode(b"x" * before + FIGURE.value + b"yz") for before in range(3)),
        gzip.compress(b"a page of something " + FIGURE.value, mtime=0),
    ],
)
def test_a_secret_is_found_in_every_form(hidden: bytes) -> None:
    noise = random.Random(1).randbytes(5000)
    assert [hit.truth for hit in Needles([FIGURE]).find("disk", noise + hidden + noise)][:1] == [FIGURE]
    assert not Needles([FIGURE]).find("disk", noise)


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("width", [6, 8])
def test_a_moment_is_found_in_the_bytes_around_and_a_whole_day_is_none(
    order: Literal["big", "little"], width: int
) -> None:
    noise, first, last = (
        bytes(range(40)),
        1_795_944_960_000,
        1_795_944_960_000 + 40 * 60_000,
    )  # an upper byte changes between
    for moment in (first + 1, first + 9 * 60_000, last - 1):
        raw = noise + moment.to_bytes(width, order) + noise
        assert list(inference.moments_in(raw, first, last)) == [moment]
    assert not list(inference.moments_in(noise + last.to_bytes(width, order) + noise, first, last))
    midnight = 20_787 * inference.DAY_MS
    assert not list(inference.moments_in(midnight.to_bytes(width, order), midnight - 5, midnight + 5))


def test_digests_of_what_can_be_guessed_are_found_plain_and_under_a_found_key() -> None:
    known = digests([FIGURE], [b"k" * 32])
    assert len(known) >= 2 * 3 * 7
    assert not digests([Truth("recording key", os.urandom(32))], [])
    assert all(len(pattern) >= LEAST_BYTES for pattern in forms(FIGURE.value))


def test_a_backup_that_a_key_of_the_node_opens_is_found_and_one_sealed_elsewhere_is_not(tmp_path: Path) -> None:
    own, own_recipient = envelope.new_identity(SystemClock())
    _, elsewhere = envelope.new_identity(SystemClock())
    (tmp_path / "share.key").write_bytes(own.encode() + bytes(32))
    seized = Seized("V0", files=tmp_path)
    archive.new(tmp_path / "one.age", [elsewhere], [archive.part_of("a", b"1")])
    assert not list(backups.attack(seized))
    archive.new(tmp_path / "two.age", [own_recipient], [archive.part_of("a", b"1")])
    assert [found.what for found in backups.attack(seized)] == ["two.age"]


def test_an_order_that_tells_is_found_and_one_that_does_not_is_not() -> None:
    source = random.Random(20261121)
    truth = list(range(60))
    assert chance.order_told([([2.0 * one for one in truth], truth)]).is_found
    assert chance.order_told([([one + source.gauss(0, 12) for one in truth], truth)]).is_found
    assert not chance.order_told([(source.sample(truth, 60), truth)]).is_found
    persons = [number % 6 for number in truth]
    assert chance.same_person([person + source.random() / 2 for person in persons], persons, source).is_found
    assert not chance.same_person([source.random() for _ in truth], persons, source).is_found


def test_a_perfect_order_of_two_dozen_is_found_and_of_too_few_nothing_is_said() -> None:
    assert chance.order_told([(one, one) for one in (range(8), range(17))]).is_found
    assert chance.order_told([(range(400), range(400))]).is_found, "so many orders are no float"
    assert not chance.order_told(
        [(one, one) for one in (range(4), range(5))]
    ).is_found  # one in 2,880 shuffles is as good
    assert not chance.order_told([([0] * 40 + [1], range(41))]).is_found


@pytest.mark.parametrize("values", [range(20), [1] * 5 + [2] * 6 + [3] * 9, [0] * 16 + [1, 2, 3, 4]])
def test_chance_passes_a_bound_as_seldom_as_is_said(values: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chance, "BY_CHANCE", 0.02)
    chance.bound_of.cache_clear()
    source = random.Random(7)
    found = [chance.order_told([(source.sample(values, 20), range(20))]).is_found for _ in range(2_000)]
    chance.bound_of.cache_clear()
    assert sum(found) < 70  # 40 are expected: as many in one of a hundred thousand such tests


def test_a_long_tail_of_pairs_is_bounded_farther_out() -> None:
    source = random.Random(7)
    even, long = ([source.gauss(0, 1) for _ in range(2_000)], [source.expovariate(1) for _ in range(2_000)])
    assert 4.5 < chance.unpassed(even, up=True) < 6.5
    assert 4.5 < chance.unpassed(long, up=False) < 6.5
    assert chance.unpassed(long, up=True) > 11  # e to the power of minus 16 is about that small


def test_the_page_has_the_shape_of_a_result() -> None:
    written = page.PAGE.read_text()
    assert written.startswith(page.HEAD)
    rows = re.findall(r"^\| ([a-z -]+?) \| ", written, flags=re.MULTILINE)
    assert {*page.WORDS, *(leak.name for leak in LEAKS)} <= set(rows)
    assert "MISSED" not in written
