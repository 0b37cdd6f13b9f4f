"""Sums are exact, say the same in any order, and are refused where they would say something untrue."""

from decimal import Decimal
from random import Random

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from tocsin.registry.model import Confidence, ValueKind
from tocsin.registry.pages import money_text
from tocsin.registry.value_sums import Amount, Refused, Total, total_of
from tocsin.web import i18n

CENTS = st.integers(-(10**13), 10**13).map(lambda cents: Decimal(cents) / 100)
KINDS = st.sampled_from(list(ValueKind))
SINGLES = st.sampled_from([kind for kind in ValueKind if kind is not ValueKind.AGGREGATE])


def amounts_of(kind: ValueKind, values: list[Decimal], *, is_step: bool = True) -> list[Amount]:
    """One contract's steps, or one total each of as many contracts."""
    return [
        Amount(f"e{at}", "c" if is_step else f"c{at}", kind, value, "USD", is_step) for at, value in enumerate(values)
    ]


@given(SINGLES, st.lists(CENTS, min_size=1), st.randoms(use_true_random=False))
def test_a_sum_is_exact_with_negatives_and_the_same_in_any_order(
    kind: ValueKind, values: list[Decimal], order: Random
) -> None:
    given_amounts = amounts_of(kind, values)
    total = total_of(given_amounts)
    assert isinstance(total, Total)
    assert total.amount * 100 == sum(int(value * 100) for value in values)
    order.shuffle(given_amounts)
    assert total_of(given_amounts) == total
    assert total_of(given_amounts * 2) == total, "identical rows count once"


@given(SINGLES, st.lists(CENTS, min_size=2), st.integers(0, 50))
def test_parts_of_a_sum_add_up_to_it(kind: ValueKind, values: list[Decimal], cut: int) -> None:
    made = amounts_of(kind, values)
    at = 1 + cut % (len(made) - 1)
    parts = [total_of(made[:at]), total_of(made[at:])]
    whole = total_of(made)
    assert isinstance(whole, Total)
    assert sum(part.amount for part in parts if isinstance(part, Total)) == whole.amount


@given(st.lists(st.tuples(KINDS, CENTS), min_size=2))
def test_two_kinds_are_never_added_up(pairs: list[tuple[ValueKind, Decimal]]) -> None:
    made = [Amount(f"e{at}", f"c{at}", kind, value, "USD") for at, (kind, value) in enumerate(pairs)]
    kinds = {kind for kind, _ in pairs}
    if len(kinds) > 1:
        assert total_of(made) is Refused.KINDS
    elif kinds == {ValueKind.AGGREGATE}:
        assert total_of(made) is Refused.AGGREGATES
    else:
        assert isinstance(total_of(made), Total)


def test_a_total_and_its_steps_are_refused() -> None:
    total = Amount("t", "c", ValueKind.OBLIGATED, Decimal(5), "USD")
    assert total_of([total, Amount("s", "c", ValueKind.OBLIGATED, Decimal(1), "USD", is_step=True)]) is Refused.TWICE
    assert total_of([total, Amount("u", "c", ValueKind.OBLIGATED, Decimal(6), "USD")]) is Refused.TWICE


def test_a_framework_and_its_orders_are_refused_at_any_depth() -> None:
    made = amounts_of(ValueKind.CEILING, [Decimal(1), Decimal(2)], is_step=False)
    assert isinstance(total_of(made), Total)
    assert total_of(made, {"c0": "between", "between": "c1"}) is Refused.WITHIN
    assert isinstance(total_of(made, {"c0": "elsewhere", "elsewhere": "c0"}), Total), "a circle ends"


def test_currencies_nothing_and_the_unconfirmed_are_refused() -> None:
    dollars = Amount("a", "a", ValueKind.PAID, Decimal(1), "USD")
    assert total_of([dollars, Amount("b", "b", ValueKind.PAID, Decimal(1), "EUR")]) is Refused.CURRENCIES
    assert total_of([]) is Refused.NOTHING
    low = Amount("b", "b", ValueKind.PAID, Decimal(1), "USD", confidence=Confidence.LOW)
    assert total_of([dollars, low]) is Refused.UNCONFIRMED


@pytest.mark.parametrize("code", ["en", "es", "fr"])
@pytest.mark.parametrize("said", ["0", "7.5", "-40000.05", "1234", "150703825", "1000000.125", "-0.1", "1E+3"])
def test_an_amount_is_written_as_its_language_writes_it(code: str, said: str) -> None:
    told = money_text(i18n.load()[code], Decimal(said))
    cents = Decimal(said).quantize(Decimal("0.01")) if Decimal(said).as_tuple().exponent == -1 else Decimal(said)
    form = "#,##0.00" if cents != Decimal(said).to_integral_value() and cents.as_tuple().exponent == -2 else None
    assert told == format_decimal(cents, form, locale=code, decimal_quantization=False)
