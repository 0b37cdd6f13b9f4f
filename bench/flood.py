"""`./run bench flood`: does what is true stand in the first five lines of the alert desk at a hundred to one? A SIMULATION.

Three people report one true thing among three hundred reports of a script; what orders the list is the room's own code
(`alerts.rank`). The script draws every answer, says one thing again and again, sings in choirs, or adapts: it mimics three neighbours
who each leave something out, in place after place; and it may hold a few members' tokens. `--short`: fewer trials.
"""

from collections.abc import Iterable

from bench._report import Headline, asked, finish, table
from tests.alerts.test_flood import (
    NOISE,
    Noise,
    anywhere,
    bought,
    choirs,
    choirs_with_tokens,
    draws_with_tokens,
    mimics,
    one_place,
    share,
)
from tocsin.alerts.model import Lane

TRIALS, SHORT_TRIALS = 200, 40
GOAL = 0.95
SCRIPTS: dict[str, Noise] = {
    "draws every answer": anywhere,
    "says one thing": one_place,
    "choirs of six copies": choirs,
    "draws, and holds five members' tokens of one cohort": draws_with_tokens,
    "choirs, and holds the same tokens": choirs_with_tokens,
    "adapts: mimics threes of neighbours": mimics,
    "adapts, and holds the same tokens": bought,
}
MIMICS = ("adapts: mimics threes of neighbours", "adapts, and holds the same tokens")
"""What they send is drawn as what is true is drawn. No order of reports alone can know one three from a hundred others that are drawn
alike: it stands in the first five of 101 as often as any other of them.
"""
FIRST = 5


def main() -> None:
    given = asked("A true report under a flood, simulated.")
    trials = given.runs or (SHORT_TRIALS if given.is_short else TRIALS)
    print("SIMULATION: no person took part; the order is the program's, what is reported is drawn.\n")
    found = {(name, lane): share(noise, lane, trials) for name, noise in SCRIPTS.items() for lane in Lane}
    rows = [
        [name, *(f"{round(found[name, lane] * trials)} of {trials}" for lane in (Lane.SLOW, Lane.TOKEN))]
        for name in SCRIPTS
    ]
    table(["the script", "true in the first five, none with a token", "one of the three with a token"], rows)
    most = FIRST / (NOISE + 1)
    print(
        f"\nWithout a token against a script that mimics no order can do better than {most:.1%} ({most * trials:.1f} of {trials})."
    )
    others = [name for name in SCRIPTS if name not in MIMICS]
    finish(
        given,
        [
            headline("flood_no_token", found, Lane.SLOW, others),
            headline("flood_no_token_mimicked", found, Lane.SLOW, MIMICS),
            headline("flood_one_token", found, Lane.TOKEN, SCRIPTS),
        ],
    )


def headline(name: str, found: dict[tuple[str, Lane], float], lane: Lane, of: Iterable[str]) -> Headline:
    """The worst of these scripts: it is the script that chooses."""
    worst = min(((one, lane) for one in of), key=lambda one: found[one])
    return Headline(name, round(found[worst], 3), GOAL, round(found[worst] / GOAL, 2), f"of trials; worst: {worst[0]}")


if __name__ == "__main__":
    main()
