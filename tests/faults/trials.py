"""The trials there are, by the numbers of the fault table."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.faults import (
    f01_kill,
    f02_power,
    f03_rot,
    f04_full,
    f05_limits,
    f06_clock,
    f07_chunks,
    f09_fork,
    f11_postgres,
    f12_slow,
    f13_flood,
    f14_schema,
    f15_soak,
    f16_alarm,
)
from tests.faults.outcome import Outcome


class Trial(NamedTuple):
    """`perform(folder, is_full)` raises `AssertionError` where a promise does not hold."""

    id: str
    title: str
    perform: Callable[[Path, bool], Outcome]


TRIALS = (
    Trial("F1", "kill -9 at random instants and every named fail point", f01_kill.perform),
    Trial("F2", "power cut: the disk as it is at that instant", f02_power.perform),
    Trial("F3", "bits flip and files are cut short", f03_rot.perform),
    Trial("F4", "the disk fills up", f04_full.perform),
    Trial("F5", "more callers than descriptors", f05_limits.perform),
    Trial("F6", "the clock jumps", f06_clock.perform),
    Trial("F7", "everything a bad line can send", f07_chunks.perform),
    Trial("F9", "a node that shows two trees, or goes back", f09_fork.perform),
    Trial("F10", "SQLite's files are hurt or missing", f03_rot.perform_sqlite),
    Trial("F11", "PostgreSQL dies in mid-write", f11_postgres.perform),
    Trial("F12", "slow and silent clients", f12_slow.perform),
    Trial("F13", "strangers flood the door", f13_flood.perform),
    Trial("F14", "a migration is killed, a newer version's database is opened", f14_schema.perform),
    Trial("F15", "hours of everything", f15_soak.perform),
    Trial("F16", "somebody is woken when the node, its disk or its log stands still", f16_alarm.perform),
)
