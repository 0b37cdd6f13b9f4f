"""`./run bench registry_million`: a million federal awards taken in by a process that is killed again and again, under 2 GiB.

Each time the importing process is ended by SIGKILL at a random moment and the same command is called again; in the end each row has to
be accounted for as if nothing had happened. What the report has to say is worked out from the rows themselves, without a database.
`--short`: 20,000 awards, killed three times, and beside it the same file taken in without a kill: both databases hold the same claims.
There is no peer: the figures stand beside the goals.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from bench._machine import ROOT, described, own_folder, say
from bench._report import Headline, asked, finish, table
from bench.registry import WORDS, ranked
from tocsin.clock import SystemClock
from tocsin.registry import usaspending
from tocsin.registry.importing import Bad, Report, import_file
from tocsin.registry.model import statements_of
from tocsin.registry.room import Registry
from tocsin.store.db import Database

ROWS, SHORT_ROWS = 1_000_000, 20_000
KILLS, SHORT_KILLS = 6, 3
BYTES_GOAL_MB = 2 * 1024**3 / 1e6
HEAD = (
    "contract_award_unique_key", "award_id_piid", "total_dollars_obligated", "award_base_action_date", "awarding_sub_agency_name",
    "recipient_uei", "recipient_name", "prime_award_base_transaction_description", "sole_proprietorship",
)  # fmt: skip
SOLE_EVERY, TORN_EVERY = 997, 1_009
"""So often a row is a sole trader's, and so often an amount is no number."""
SELLERS = 40_000


class Life(NamedTuple):
    """One process: how long it lived, its most memory, and what it printed last."""

    seconds: float
    memory_mb: float
    was_killed: bool
    last: dict[str, Any]


def main() -> None:
    if sys.argv[1:2] == ["import"]:
        return take_in(*sys.argv[2:4])
    given = asked("A million awards, killed and called again.")
    with own_folder() as folder:
        print(described(folder), flush=True)
        finish(given, measured(folder, given.runs, is_short=given.is_short))
    return None


def take_in(url: str, path: str) -> None:
    """The process that is killed: what any operator's command does, with a line for each batch."""

    def told(report: Report) -> None:
        print(json.dumps({"rows": report.rows}), flush=True)

    database = Database.open(url)
    database.migrate()
    done = import_file(Registry.open(database, SystemClock()), Path(path), usaspending.read, "us", told=told)
    database.close()
    print(json.dumps(done.told()), flush=True)


def measured(folder: Path, kills: int | None, *, is_short: bool) -> list[Headline]:
    rows = SHORT_ROWS if is_short else ROWS
    say(f"Writing {rows} awards.")
    path = awards(folder / "awards.csv", rows)
    expected = expectation(path)
    say(f"Taking them in, killed {kills or (SHORT_KILLS if is_short else KILLS)} times.")
    lives = killed(folder / "killed.db", path, rows, kills or (SHORT_KILLS if is_short else KILLS))
    told = lives[-1].last
    is_same = all(told[name] == value for name, value in expected.items())
    if is_short:
        [whole] = killed(folder / "whole.db", path, rows, 0)
        is_same = (
            is_same
            and _plain(whole.last) == _plain(told)
            and claims(folder / "whole.db") == claims(folder / "killed.db")
        )
    memory, seconds = max(one.memory_mb for one in lives), sum(one.seconds for one in lives)
    table(
        ["", "seen", "worked out"],
        [
            *([name, f"{told[name]}", f"{value}"] for name, value in expected.items()),
            ["killed after, s", ", ".join(f"{one.seconds:.0f}" for one in lives[:-1]), ""],
            ["all together, s", f"{seconds:.0f}", ""],
            ["database, MB", f"{(folder / 'killed.db').stat().st_size / 1e6:.0f}", ""],
        ],
    )
    if not is_same:
        raise SystemExit("The killed import does not account for what is in the file.")
    ratio = round(BYTES_GOAL_MB / memory, 2)
    return [
        Headline("import_million_mb", round(memory), round(BYTES_GOAL_MB), ratio, "MB at most (peer: the goal)"),
        Headline("import_rows_a_second", round(rows / seconds), 0, 0, f"with {len(lives) - 1} kills (no goal)"),
    ]


def killed(database: Path, path: Path, rows: int, kills: int) -> list[Life]:
    """Call the import until it ends by itself; `kills` of its lives are cut at a random moment, spread over the whole of it."""
    draw = Random()
    lives: list[Life] = []
    for at in range(kills):
        least = rows * at // (kills + 1)
        lives.append(life(database, path, cut=(least + draw.randrange(rows // (kills + 1)), draw.random())))
        say(f"Killed at row {lives[-1].last.get('rows', 0)} after {lives[-1].seconds:.1f} s.")
    return [*lives, life(database, path, cut=None)]


def life(database: Path, path: Path, cut: tuple[int, float] | None) -> Life:
    """`cut`: from which row on it may be killed, and how much of a second later it is."""
    line = [sys.executable, "-m", "bench.registry_million", "import", f"sqlite:///{database}", str(path)]
    began, last = time.perf_counter(), {}
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout
    for said in process.stdout:
        last = json.loads(said)
        if cut and last["rows"] >= cut[0]:
            time.sleep(cut[1])
            process.send_signal(signal.SIGKILL)
            break
    _, status, used = os.wait4(process.pid, 0)
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    was_killed = process.returncode == -signal.SIGKILL
    if process.returncode and not was_killed:
        raise SystemExit(f"The import ended with {process.returncode}.")
    return Life(time.perf_counter() - began, used.ru_maxrss * 1024 / 1e6, was_killed, last)


def expectation(path: Path) -> dict[str, Any]:
    """What a report of this file has to say, from its rows alone: no database, no batch, no kill."""
    held, refused, kept, statements = Counter[str](), Counter[str](), 0, 0
    parties: set[bytes] = set()
    for row in usaspending.read(path):
        if isinstance(row, Bad):
            refused[row.reason] += 1
        elif any(draft.is_sole_trader for draft in row.drafts):
            held["sole_trader"] += 1
        else:
            kept += 1
            shared = [draft for draft in row.drafts if draft.schema in ("PublicBody", "Company")]
            statements += sum(len(draft.claims) for draft in row.drafts if draft not in shared)
            parties.update(statements_of(replace(row, drafts=shared), "us", 0))
    total = kept + held.total() + refused.total()
    told: dict[str, Any] = {"rows": total, "kept": kept, "merged": 0, "statements": statements + len(parties)}
    return told | {"held": dict(held), "refused": dict(refused)}


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    """A report without where it began: each database has facts of its own before."""
    return {name: value for name, value in told.items() if name != "since"}


def claims(database: Path) -> str:
    """All claims that a database holds, as one hash."""
    opened = Database.open(f"sqlite:///{database}")
    line = "SELECT digest FROM registry_statement ORDER BY digest"
    try:
        return sha256(b"".join(opened.read_now(lambda c: c.exec_driver_sql(line).scalars().all()))).hexdigest()
    finally:
        opened.close()


def awards(path: Path, rows: int) -> Path:
    """Summaries of awards, the same each time."""
    draw = Random(13)
    sellers = [f"{draw.choice(WORDS).title()} {draw.choice(WORDS).title()} {number} LLC" for number in range(SELLERS)]
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEAD)
        for number in range(rows):
            seller = min(int(draw.expovariate(1 / 6000)), SELLERS - 1)
            amount = "five" if number % TORN_EVERY == 7 else f"{draw.gauss(50_000, 200_000):.2f}"
            date = f"{2010 + number % 14}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
            text = " ".join(ranked(draw) for _ in range(9))
            sole = "t" if number % SOLE_EVERY == 5 else "f"
            agency = f"Agency Office {draw.randint(1, 200)}"
            out.writerow(
                [f"AWD{number}", f"P{number}", amount, date, agency, f"U{seller}", sellers[seller], text, sole]
            )
    return path


if __name__ == "__main__":
    main()
