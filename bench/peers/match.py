"""`nomenklatura` beside our matching, in an environment of its own: scores and pairs a second of each of its ways, as JSON."""

import csv
import json
import sys
import time
from pathlib import Path
from typing import Any

from followthemoney import model  # type: ignore[import-not-found, unused-ignore]
from nomenklatura.matching import get_algorithm  # type: ignore[import-not-found, unused-ignore]

WAYS = ("name-based", "logic-v1", "logic-v2")


def company(name: str, called: str) -> Any:
    made = model.make_entity("Company")
    made.id = name
    made.add("name", called)
    return made


with Path(sys.argv[1]).open(newline="") as file:
    # Each has a name of its own: `logic-v2` keeps what it worked out of an entity under it.
    rows = [
        (company(f"a{at}", row["left"]), company(f"b{at}", row["right"])) for at, row in enumerate(csv.DictReader(file))
    ]
told = {}
for name in WAYS:
    way = get_algorithm(name)
    configured = way.default_config()
    scores = [way.compare(left, right, configured).score for left, right in rows]
    began, done = time.process_time(), 0
    while time.process_time() - began < float(sys.argv[2]):
        for left, right in rows:
            way.compare(left, right, configured)
        done += len(rows)
    told[name] = {"scores": scores, "pairs_a_second": done / (time.process_time() - began)}
print(json.dumps(told))
