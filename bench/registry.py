"""`./run bench registry`: 60,000 rows of federal transactions taken in, then searches beside them, on SQLite.

Rows are synthetic, of the wide file's shape, with as many sellers, buyers and awards as years of one agency have; words come from a
list by rank, as in real text. There is no peer that searches without a server: the figure stands beside the goal. `--short`: fewer
searches, the import at full length all the same.
"""

import csv
import resource
import statistics
import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random

from sqlalchemy import Connection

from bench._machine import described, own_folder, say
from bench._report import Headline, asked, finish, table
from tocsin.clock import SystemClock
from tocsin.registry import bulk, facets, graph, match, pages, queries, record, search, tables, usaspending
from tocsin.registry.importing import import_file
from tocsin.registry.room import Registry
from tocsin.store.db import Database

ROWS = 60_000
ENTITIES = 1_000_000
SEARCHES, SHORT_SEARCHES = 2_000, 300
SEARCH_GOAL_MS, IMPORT_GOAL_S, MATCH_GOAL_MS, TIES_GOAL_MS = 50, 30, 100, 100
HEAD = (
    "contract_transaction_unique_key", "contract_award_unique_key", "award_id_piid", "federal_action_obligation", "action_date",
    "awarding_sub_agency_name", "recipient_uei", "recipient_name", "transaction_description", "product_or_service_code_description",
)  # fmt: skip
WORDS = [
    "services",
    "support",
    "system",
    "licence",
    "camera",
    "software",
    "data",
    "maintenance",
    "analysis",
    "skip",
    "tracing",
    "location",
    "face",
    "recognition",
    "drone",
    "sensor",
    "phone",
    "extraction",
    "forensic",
    "cloud",
    "hosting",
    "reader",
    "plate",
    "biometric",
    "iris",
    "monitoring",
    "social",
    "media",
    "records",
    "detention",
    "transport",
    "guard",
    "network",
    "radio",
]


def main() -> None:
    given = asked("Taking in federal rows, and searching them.")
    with own_folder() as folder:
        print(described(folder), flush=True)
        finish(given, measured(folder, SHORT_SEARCHES if given.is_short else SEARCHES))


def measured(folder: Path, searches: int) -> list[Headline]:
    path = synthetic(folder / "us.csv")
    database = Database.open(f"sqlite:///{folder / 'node.db'}")
    database.migrate()
    registry = Registry.open(database, SystemClock())
    say(f"Taking in {ROWS} rows.")
    began = time.perf_counter()
    done = import_file(registry, path, usaspending.read, "us")
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(f"Filling up to {ENTITIES} entities.")
    fill(registry)
    times = sorted(one for one in islice(asked_times(registry), searches))
    matched = sorted(islice(match_times(registry), searches // 3))
    ties = sorted(islice(around_times(registry), searches // 3))
    entities = database.read_now(lambda c: c.exec_driver_sql("SELECT count(*) FROM registry_entity").scalar())
    database.close()
    p95, match_p95, ties_p95 = (some[int(len(some) * 0.95)] * 1000 for some in (times, matched, ties))
    table(
        ["", "seen"],
        [
            ["rows, statements", f"{done.rows}, {done.statements}"],
            ["held, refused", f"{done.held.total()}, {done.refused.total()}"],
            ["entities", f"{entities}"],
            ["import, s", f"{seconds:.1f}"],
            ["memory at most, MB", f"{memory:.0f}"],
            ["searches", f"{len(times)}"],
            [
                "search with counts and first page, p50, p95, most, ms",
                f"{statistics.median(times) * 1000:.1f}, {p95:.1f}, {times[-1] * 1000:.1f}",
            ],
            [
                "match of one name, p50, p95, most, ms",
                f"{statistics.median(matched) * 1000:.1f}, {match_p95:.1f}, {matched[-1] * 1000:.1f}",
            ],
            [
                "ties at two removes, p50, p95, most, ms",
                f"{statistics.median(ties) * 1000:.1f}, {ties_p95:.1f}, {ties[-1] * 1000:.1f}",
            ],
        ],
    )
    return [
        Headline("search_p95_ms", round(p95, 1), SEARCH_GOAL_MS, round(SEARCH_GOAL_MS / p95, 2), "ms (peer: the goal)"),
        Headline(
            "match_p95_ms",
            round(match_p95, 1),
            MATCH_GOAL_MS,
            round(MATCH_GOAL_MS / match_p95, 2),
            "ms (peer: the goal)",
        ),
        Headline(
            "ties_p95_ms", round(ties_p95, 1), TIES_GOAL_MS, round(TIES_GOAL_MS / ties_p95, 2), "ms (peer: the goal)"
        ),
        Headline(
            "import_seconds_60k",
            round(seconds, 1),
            IMPORT_GOAL_S,
            round(IMPORT_GOAL_S / seconds, 2),
            "s (peer: the goal)",
        ),
    ]


def synthetic(path: Path) -> Path:
    """A file like six years of one agency's transactions, the same each time."""
    draw = Random(8)
    sellers = [f"{draw.choice(WORDS).title()} {draw.choice(WORDS).title()} {number} LLC" for number in range(4_000)]
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEAD)
        for number in range(ROWS):
            seller = min(int(draw.expovariate(1 / 600)), len(sellers) - 1)
            award = number // 3
            text = " ".join(ranked(draw) for _ in range(9))
            amount = round(draw.gauss(50_000, 200_000), 2)
            date = f"{2018 + number % 6}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
            agency = f"Agency Office {draw.randint(1, 20)}"
            out.writerow(
                [
                    f"TX{number}",
                    f"AWD{award}",
                    f"P{award}",
                    amount,
                    date,
                    agency,
                    f"U{seller}",
                    sellers[seller],
                    text,
                    ranked(draw),
                ]
            )
    return path


def fill(registry: Registry) -> None:
    """Entities up to `ENTITIES`, a third of them firms, put straight where a search looks: importing them was measured above."""
    draw = Random(10)
    begin = registry.database.read_now(queries.how_many) + 1
    choices = [("year", str(year)) for year in range(2018, 2024)] + [("kind", "obligated")]
    choices += [("buyer", f"Agency Office {number}") for number in range(1, 21)]
    choices += [("vendor", f"Filled Firm {number} LLC") for number in range(3_000)]

    def some(connection: Connection, first: int, last: int) -> None:
        codes = facets.codes_of(connection, choices, is_new=True)
        rows, cells, words, said = [], [], [], []
        for number in range(first, last):
            is_firm = number % 3 == 0
            name = (
                f"{draw.choice(WORDS)} {draw.choice(WORDS)} {number} llc"
                if is_firm
                else " ".join(ranked(draw) for _ in range(9))
            )
            mine = (
                []
                if is_firm
                else [
                    codes[one]
                    for one in (
                        choices[draw.randrange(6)],
                        choices[6],
                        choices[draw.randrange(7, 27)],
                        draw.choice(choices[27:]),
                    )
                ]
            )
            rows.append((f"fill-{number}", f"fill-{number}", "Company" if is_firm else "Contract", name))
            cells.append((number, facets.packed(mine)))
            words.append((number, search.line_of(name, mine, [name] if is_firm else [])))
            if is_firm:
                key = number.to_bytes(16, "big")
                said.append(
                    (key, f"fill-{number}", "Company", "name", name, "", "fill", 1, "recorded", "high", "", 1, 1)
                )
        bulk.put(connection, tables.entity, ("entity", "canonical", "schema", "caption"), rows, "")
        bulk.put(connection, tables.statement, record.KEPT, said, "")
        bulk.put(connection, tables.chosen, ("number", "choices"), cells, "")
        connection.exec_driver_sql(f"INSERT INTO {search.INDEX}(rowid, words) VALUES (?, ?)", words)

    for first in range(begin, ENTITIES + 1, 20_000):
        registry.database.write_now(partial(some, first=first, last=min(first + 20_000, ENTITIES + 1)))


def ranked(draw: Random) -> str:
    return WORDS[min(int(draw.expovariate(0.12)), len(WORDS) - 1)]


def asked_times(registry: Registry) -> Iterator[float]:
    """Seconds of searches: a phrase, two words, a word under a filter, a name; each with its counts and first results."""
    draw = Random(9)
    while True:
        kinds = ('"skip tracing"', f"{ranked(draw)} {ranked(draw)}", f"{draw.choice(WORDS)} llc", f"{ranked(draw)}")
        for said in kinds:
            filters = {"year": str(draw.randint(2018, 2023))} if said == kinds[3] else {}
            began = time.perf_counter()
            registry.database.read_now(partial(one_search, said=said, filters=filters))
            yield time.perf_counter() - began


def match_times(registry: Registry) -> Iterator[float]:
    """Seconds of finding who a name may mean: names that are there, with a letter wrong, and that are nobody's."""
    draw = Random(11)
    while True:
        name = f"{draw.choice(WORDS)} {draw.choice(WORDS)} {3 * draw.randrange(30_000, 330_000)} llc"
        for said in (name, name.replace("a", "e", 1), f"{draw.choice(WORDS)} {draw.choice(WORDS)} unheard"):
            began = time.perf_counter()
            registry.database.read_now(partial(match.candidates_of, name=said))
            yield time.perf_counter() - began


def around_times(registry: Registry) -> Iterator[float]:
    """Seconds of what stands around a seller or an agency (of which each has thousands of contracts), and around those."""
    draw = Random(12)
    while True:
        for name in (
            f"us-u{min(int(draw.expovariate(1 / 600)), 3_999)}",
            f"us-agency-agency-office-{draw.randint(1, 20)}",
        ):
            began = time.perf_counter()
            registry.database.read_now(partial(graph.around, name=name))
            yield time.perf_counter() - began


def one_search(connection: Connection, said: str, filters: dict[str, str]) -> None:
    asked = search.asked_of(said, filters)
    search.count(connection, search.matches(connection, asked))
    pages.hits_of(connection, search.first(connection, asked, 0, pages.SHOWN))


if __name__ == "__main__":
    main()
