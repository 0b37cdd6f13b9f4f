"""Say that two entities are the same, are not, or that nobody can tell. Logged, reversible, and no claim is ever touched.

Who is one with whom is worked out from the log each time, so an un-merge is one more line in it and leaves what would stand if the
merge had never been said.
"""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import Connection, select, update

from tocsin.errors import TocsinError
from tocsin.registry import due
from tocsin.registry.model import EntityUnknown
from tocsin.registry.tables import entity, judgement


class Verdict(StrEnum):
    SAME = "same"
    NOT_SAME = "not_same"
    UNSURE = "unsure"


class JudgementContradicts(TocsinError):
    """The step would make one of two that somebody said are not the same."""

    code = "judgement_contradicts"
    status = 409
    message = "This would join two entities that are recorded as not the same. Take that judgement back first. Nothing was changed."


Pair = tuple[str, str]


def judge(connection: Connection, one: str, other: str, verdict: Verdict, reason: str, day: int) -> None:
    """Log a judgement and make it count. Raises `EntityUnknown`, `JudgementContradicts`."""
    left, right = sorted((one, other))
    known = set(connection.execute(select(entity.c.entity).where(entity.c.entity.in_([left, right]))).scalars())
    if left == right or known != {left, right}:
        raise EntityUnknown
    verdicts = standing(connection)
    before = heads(verdicts)
    verdicts[left, right] = verdict
    after = heads(verdicts)
    if any(after.get(a, a) == after.get(b, b) for (a, b), said in verdicts.items() if said is Verdict.NOT_SAME):
        raise JudgementContradicts
    row = {"left": left, "right": right, "verdict": str(verdict), "reason": reason, "day": day}
    connection.execute(judgement.insert().values(row))
    moved = {name for name in before.keys() | after.keys() if before.get(name, name) != after.get(name, name)}
    for name in moved:
        connection.execute(update(entity).where(entity.c.entity == name).values(canonical=after.get(name, name)))
    due.forget(connection, {*moved, *(above.get(name, name) for name in moved for above in (before, after))})


def standing(connection: Connection, until: int | None = None) -> dict[Pair, Verdict]:
    """The newest verdict on each pair; with `until`, as it stood after the judgement of that number."""
    question = select(judgement.c.left, judgement.c.right, judgement.c.verdict).order_by(judgement.c.number)
    if until is not None:
        question = question.where(judgement.c.number <= until)
    return {(left, right): Verdict(said) for left, right, said in connection.execute(question)}


def heads(verdicts: dict[Pair, Verdict]) -> dict[str, str]:
    """Each judged entity to the one it goes under: the first, by name, of all that are the same."""
    above: dict[str, str] = {}

    def head(name: str) -> str:
        while above.get(name, name) != name:
            name = above[name]
        return name

    for pair, verdict in verdicts.items():
        first, second = sorted(map(head, pair))
        if verdict is Verdict.SAME:
            above[second] = first
    return {name: head(name) for name in _names(verdicts)}


def _names(pairs: Iterable[Pair]) -> set[str]:
    return {name for pair in pairs for name in pair}
