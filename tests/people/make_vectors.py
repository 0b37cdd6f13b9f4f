"""Writes `vectors/stewards` and `vectors/roll`: once for a format version, never to make a test pass."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

from tests.crypto.counted_clock import CountedClock
from tests.people.roll_scenes import NODE as ROLL_NODE
from tests.people.roll_scenes import SCENES, WAIT_S, lawyer, made
from tocsin.crypto import canonical
from tocsin.crypto.keys import SigningKey
from tocsin.people import desk_keys, retention, roll, statement, steward_keys
from tocsin.people.roll import Entered, OnRoll
from tocsin.people.statement import Act, Reason, Signed, Statement
from tocsin.tlog.roll import digest, head, is_rolled

FOLDER = Path(__file__).parents[2] / "vectors" / "stewards"
NODE, DAY = "sample.example/log", 20_779


def of(signed: Signed, keys: list[SigningKey]) -> dict[str, Any]:
    """A signed statement and everything that is derived from it."""
    return {
        "seeds": [key.seed.hex() for key in keys],
        "ids": [steward_keys.key_id(key.public) for key in keys],
        "statement": signed.statement.raw.decode(),
        "digest": signed.statement.digest.hex(),
        "signed": signed.raw.decode(),
        "step": signed.step.hex(),
    }


def main() -> None:
    clock = CountedClock(b"stewards")
    first, second, city = (SigningKey.generate(clock) for _ in range(3))
    salts = [statement.salted(clock) for _ in range(2)]
    recording = "AAECAwQFBgcICQoLDA0ODw"
    hold = Statement(act=Act.HOLD, day=DAY, node=NODE, salt=salts[0], recording=recording, reason=Reason.COURT_ORDER)
    days = {"encounter": 60, "import": 30, "rehearsal": 1}
    table = Statement(act=Act.RETENTION, day=DAY, node=NODE, salt=salts[1], number=2, days=days)
    held, kept = (statement.confirm(statement.propose(one, first), second) for one in (hold, table))
    entry = canonical.dumps(retention.entry(kept, city)).decode()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in {
        "hold": of(held, [first, second]),
        "retention": {**of(kept, [first, second]), "city_seed": city.seed.hex(), "entry": entry},
    }.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


def of_roll(entries: list[Entered]) -> dict[str, Any]:
    """Entries, and who is on the roll by them."""
    found = roll.read(entries, ROLL_NODE, WAIT_S)
    digests = {digest(one.entry) for one in entries if is_rolled(one.entry)}
    return {
        "node": ROLL_NODE,
        "wait_s": WAIT_S,
        "entries": [{"entry": b64encode(one.entry).decode(), "index": one.leaf, "since": one.since} for one in entries],
        "count": len(digests),
        "head": head(digests),
        "stewards": [shown(one) for one in found.stewards.values()],
        "lawyers": [shown(one) for one in found.lawyers.values()],
        "dispatchers": [shown(one) for one in found.dispatchers.values()],
        "void": {str(index): str(reason) for index, reason in sorted(found.void.items())},
    }


def shown(one: OnRoll) -> dict[str, Any]:
    return {
        "key": one.key, "name": one.name, "custodian": one.custodian, "index": one.index,
        "counts_from": one.counts_from, "removed": one.is_removed,
    }  # fmt: skip


def main_roll() -> None:
    folder = FOLDER.with_name("roll")
    named = [lawyer("q"), lawyer("p", b64encode(bytes(32)).decode())]
    words = [{"key": one.key, "custodian": one.custodian, "words": desk_keys.fingerprint(one)} for one in named]
    (FOLDER.with_name("words") / "fingerprint.json").write_text(json.dumps(words, indent=1) + "\n")
    folder.mkdir(exist_ok=True)
    for name in SCENES:
        (folder / f"{name}.json").write_text(json.dumps(of_roll(made(name).entries), indent=1) + "\n")


if __name__ == "__main__":
    main()
    main_roll()
