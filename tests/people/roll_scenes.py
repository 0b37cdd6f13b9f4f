"""Rolls as a log could hold them, honest and not: what three programs have to read alike (`vectors/roll`)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.crypto.counted_clock import CountedClock
from tocsin.crypto import canonical
from tocsin.crypto.keys import SigningKey
from tocsin.people import statement as statements
from tocsin.people.roll import Entered, entry_of
from tocsin.people.statement import Act, KeyStatement, Named, Signature, Signed
from tocsin.people.steward_keys import spelled
from tocsin.tlog.entry import DESK_KEY, SIGNED_DESK_KEY, SIGNED_STEWARD_KEY

NODE, DAY, WAIT_S = "sample.example/log", 20_779, 86_400
NAMES = ("Wren", "Kestrel", "Owl", "Heron")


def lawyer(letter: str, custodian: str = "") -> Named:
    """A recipient that nobody has the identity of."""
    return Named(key=f"age1{letter * 58}", name=f"Lawyer {letter}", custodian=custodian)


@dataclass
class Town:
    """Four people with steward's keys, and the entries they make, a minute apart."""

    name: str
    entries: list[Entered] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = CountedClock(self.name.encode())
        self.keys = [SigningKey.generate(self.clock) for _ in NAMES]

    def steward(self, nth: int) -> Named:
        return Named(key=spelled(self.keys[nth].public), name=NAMES[nth])

    def said(self, act: Act, *keys: Named, node: str = NODE) -> KeyStatement:
        return KeyStatement(act=act, day=DAY, node=node, salt=statements.salted(self.clock), keys=keys)

    def signed(self, said: KeyStatement, *by: int) -> Signed:
        labels = (statements.PROPOSE, statements.CONFIRM)
        made = (Signature.of(self.keys[nth], label, said.raw) for nth, label in zip(by, labels, strict=False))
        return Signed(said, tuple(made))

    def put(self, entry: bytes, since: int | None = -1, leaf: int | None = None) -> None:
        place = 3 * len(self.entries) + 5 if leaf is None else leaf
        self.entries.append(Entered(entry, place, 1_800_000_000 + 60 * place if since == -1 else since))

    def do(
        self, act: Act, *keys: Named, by: tuple[int, ...] = (0, 1), node: str = NODE, since: int | None = -1
    ) -> None:
        self.put(entry_of(self.signed(self.said(act, *keys, node=node), *by)), since)

    def found(self, *by: int) -> None:
        pair = by or (0, 1)
        self.do(Act.STEWARD_FOUND, *(self.steward(nth) for nth in pair), by=pair)


SCENES: dict[str, Callable[[Town], None]] = {}


def scene(function: Callable[[Town], None]) -> Callable[[Town], None]:
    SCENES[function.__name__] = function
    return function


@scene
def two_found_and_add_a_lawyer(town: Town) -> None:
    town.found()
    town.do(Act.DESK_ADD, lawyer("q", spelled(town.keys[3].public)))
    town.do(Act.DESK_ADD, lawyer("p"), by=(1, 0))


@scene
def a_lawyer_before_the_founding_in_one_beat(town: Town) -> None:
    town.do(Act.DESK_ADD, lawyer("q"))
    town.found()


@scene
def nobody_founded(town: Town) -> None:
    town.do(Act.DESK_ADD, lawyer("q"))
    town.do(Act.DESK_REMOVE, lawyer("q"), by=(0,))


@scene
def founded_by_one(town: Town) -> None:
    keys = town.steward(0), town.steward(1)
    town.do(Act.STEWARD_FOUND, *keys, by=(0,))
    town.do(Act.STEWARD_FOUND, keys[0], keys[0], by=(0, 0))
    town.do(Act.STEWARD_FOUND, keys[0], Named(key=keys[1].key, name="Wren"))
    town.do(Act.DESK_ADD, lawyer("q"))


@scene
def founded_twice(town: Town) -> None:
    town.found()
    town.found(2, 3)
    town.do(Act.DESK_ADD, lawyer("q"), by=(2, 3))
    town.do(Act.DESK_ADD, lawyer("p"))


@scene
def signed_by_too_few(town: Town) -> None:
    town.found()
    town.do(Act.DESK_ADD, lawyer("q"), by=(0,))
    town.do(Act.DESK_ADD, lawyer("q"), by=(0, 0))
    town.do(Act.DESK_ADD, lawyer("q"), by=(0, 2))
    town.do(Act.DESK_ADD, lawyer("q"), by=(2, 3))
    town.do(Act.STEWARD_ADD, town.steward(2), by=(0,))
    town.do(Act.DESK_REMOVE, lawyer("q"), by=(2,))


@scene
def signatures_that_are_not_over_this(town: Town) -> None:
    town.found()
    one = town.signed(town.said(Act.DESK_ADD, lawyer("q")), 0, 1)
    town.put(entry_of(Signed(one.statement, one.signatures[::-1])))
    town.put(entry_of(Signed(town.said(Act.DESK_ADD, lawyer("q")), one.signatures)))
    town.do(Act.DESK_ADD, lawyer("q"), node="other.example/log")


@scene
def a_third_steward_signs_after_the_wait(town: Town) -> None:
    town.found()
    town.do(Act.STEWARD_ADD, town.steward(2))
    town.do(Act.DESK_ADD, lawyer("q"), by=(2, 0))
    town.do(Act.STEWARD_ADD, town.steward(2))
    town.do(Act.STEWARD_ADD, town.steward(3), by=(2, 1), since=None)
    town.do(Act.DESK_ADD, lawyer("p"), by=(3, 0))


@scene
def a_steward_goes_and_two_stay(town: Town) -> None:
    town.found()
    town.do(Act.STEWARD_REMOVE, town.steward(1))
    town.do(Act.STEWARD_ADD, town.steward(2))
    town.do(Act.STEWARD_REMOVE, town.steward(3))
    town.do(Act.STEWARD_REMOVE, town.steward(1), by=(0,))
    town.do(Act.STEWARD_REMOVE, town.steward(1), by=(0, 2))
    town.do(Act.DESK_ADD, lawyer("q"))
    town.do(Act.STEWARD_ADD, town.steward(1), by=(0, 2))
    town.do(Act.DESK_ADD, lawyer("p"), by=(0, 2))


@scene
def a_lawyer_goes_by_one_and_for_good(town: Town) -> None:
    town.found()
    town.do(Act.DESK_ADD, lawyer("q"))
    town.do(Act.DESK_REMOVE, lawyer("q"), by=(1,), since=None)
    town.do(Act.DESK_REMOVE, lawyer("q"))
    town.do(Act.DESK_ADD, lawyer("q"))
    town.do(Act.DESK_REMOVE, lawyer("p"), by=(0,))
    town.do(Act.DESK_ADD, lawyer("p"))


@scene
def a_key_that_leaves_one_desk_leaves_both(town: Town) -> None:
    town.found()
    town.do(Act.ALERT_DESK_ADD, lawyer("q", spelled(town.keys[3].public)))
    town.do(Act.ALERT_DESK_ADD, lawyer("p"), by=(0,))
    town.do(Act.ALERT_DESK_ADD, lawyer("p"), by=(1, 0))
    town.do(Act.DESK_ADD, lawyer("p"))
    town.do(Act.ALERT_DESK_ADD, lawyer("p"))
    town.do(Act.DESK_ADD, lawyer("z"))
    town.do(Act.ALERT_DESK_ADD, lawyer("z"))
    town.do(Act.ALERT_DESK_REMOVE, lawyer("p"), by=(2,))
    town.do(Act.ALERT_DESK_REMOVE, lawyer("p"), by=(1,), since=None)
    town.do(Act.DESK_REMOVE, lawyer("z"), by=(0,))
    town.do(Act.ALERT_DESK_ADD, lawyer("z"))
    one = town.signed(town.said(Act.ALERT_DESK_ADD, lawyer("r")), 0, 1)
    town.put(SIGNED_STEWARD_KEY + one.raw)


@scene
def the_same_entry_twice(town: Town) -> None:
    town.found()
    town.do(Act.DESK_ADD, lawyer("q"))
    for entered in list(town.entries):
        town.put(entered.entry)


@scene
def two_keys_of_one_pseudonym(town: Town) -> None:
    town.found()
    town.do(Act.STEWARD_ADD, Named(key=spelled(town.keys[2].public), name="Wren"))
    town.do(Act.DESK_ADD, lawyer("q"), by=(0, 2))
    town.do(Act.DESK_ADD, lawyer("p"), by=(1, 2))


@scene
def entries_of_another_shape(town: Town) -> None:
    town.found()
    good = town.signed(town.said(Act.DESK_ADD, lawyer("q")), 0, 1)
    town.put(SIGNED_STEWARD_KEY + good.raw)
    town.put(SIGNED_DESK_KEY + good.raw + b"\n")
    town.put(SIGNED_DESK_KEY + good.raw.replace(b'"day"', b' "day"'))
    town.put(SIGNED_DESK_KEY + b"{}")
    town.put(DESK_KEY + canonical.dumps({"act": "add", "age": lawyer("q").key}))
    for wrong in (
        Named(key="age1q", name="A"),
        Named(key=lawyer("q").key.upper(), name="A"),
        Named(key=lawyer("q").key, name=""),
        Named(key=lawyer("q").key, name="é" * 41),
        Named(key=lawyer("q").key, name="A", custodian="AAAA"),
    ):
        town.do(Act.DESK_ADD, wrong)
    town.do(Act.DESK_ADD, lawyer("q"), lawyer("p"))
    town.do(Act.STEWARD_ADD, Named(key=town.steward(2).key, name="A", custodian=town.steward(2).key))
    town.do(Act.DESK_ADD, Named(key=lawyer("q").key, name="é" * 40))


def made(name: str) -> Town:
    """A scene, played."""
    town = Town(name)
    SCENES[name](town)
    return town
