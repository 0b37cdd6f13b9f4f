"""What a row of amounts adds up to, or why it does not. Pure: amounts in, a number or a refusal out.

A false sum is the registry's easiest way to say something untrue: a ceiling is no payment, a total holds its steps, a framework
holds its orders, and ten aggregates of one year overlap.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tocsin.registry.exact import SUMS
from tocsin.registry.model import Confidence, ValueKind


class Refused(StrEnum):
    """Why a sum is not said. The reader sees the sentence of the key `registry.sum_<reason>`."""

    NOTHING = "nothing"
    KINDS = "kinds"
    CURRENCIES = "currencies"
    AGGREGATES = "aggregates"
    TWICE = "twice"
    WITHIN = "within"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True)
class Amount:
    """One value event. `is_step`: one of several that make a total; else it is itself the total of its contract at its date."""

    event: str
    contract: str
    kind: ValueKind
    amount: Decimal
    currency: str
    is_step: bool = False
    confidence: Confidence = Confidence.HIGH

    @property
    def is_low(self) -> bool:
        return self.confidence is Confidence.LOW


@dataclass(frozen=True)
class Total:
    """A sum that holds: of one kind, in one currency, over `events`."""

    kind: ValueKind
    currency: str
    amount: Decimal
    events: int


def total_of(amounts: Iterable[Amount], within: Mapping[str, str] | None = None) -> Total | Refused:
    """The sum, or the first reason against it in the order of `_reasons`. `within`: contract to the contract it is part of."""
    given = list({one.event: one for one in amounts}.values())
    refused = _reason(given, within or {})
    if refused is not None:
        return refused
    total = Decimal(0)
    for one in given:
        total = SUMS.add(total, one.amount)
    return Total(given[0].kind, given[0].currency, total, len(given))


def _reason(given: list[Amount], within: Mapping[str, str]) -> Refused | None:
    reasons = {
        Refused.NOTHING: not given,
        Refused.UNCONFIRMED: any(one.is_low for one in given),
        Refused.KINDS: len({one.kind for one in given}) > 1,
        Refused.CURRENCIES: len({one.currency for one in given}) > 1,
        Refused.AGGREGATES: len(given) > 1 and any(one.kind is ValueKind.AGGREGATE for one in given),
        Refused.TWICE: _counts_twice(given),
        Refused.WITHIN: _has_part_and_whole(given, within),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _counts_twice(given: list[Amount]) -> bool:
    """Two totals of one contract, or a total and one of its steps."""
    totals = Counter(one.contract for one in given if not one.is_step)
    steps = {one.contract for one in given if one.is_step}
    return any(count > 1 or contract in steps for contract, count in totals.items())


def _has_part_and_whole(given: list[Amount], within: Mapping[str, str]) -> bool:
    contracts = {one.contract for one in given}
    for contract in contracts:
        seen, above = {contract}, within.get(contract)
        while above is not None and above not in seen:
            if above in contracts:
                return True
            seen.add(above)
            above = within.get(above)
    return False
