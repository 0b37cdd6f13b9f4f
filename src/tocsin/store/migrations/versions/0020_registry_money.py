"""One row for each value event of the registry, made of the claims that are there."""

from decimal import Decimal, InvalidOperation
from itertools import groupby, islice
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

SOME = 10_000
KINDS = ("estimate", "ceiling", "award", "obligated", "paid", "modification", "aggregate")
CLAIMS = sa.text(
    "SELECT s.entity, s.property, s.value, s.as_of, s.confidence, s.verb, o.lineage FROM registry_statement s "
    "JOIN registry_source o ON o.number = s.source WHERE s.schema = 'ValueEvent' ORDER BY s.entity, s.number"
)


def upgrade() -> None:
    made = op.create_table(
        "registry_money",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("contract", "event", "kind", "currency", "amount")),
        sa.Column("units", sa.BigInteger, nullable=True),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("digits", "is_step", "is_low")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("date", "origin")),
        sa.PrimaryKeyConstraint("contract", "event", name="pk_registry_money"),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    by_event = groupby(connection.execute(CLAIMS).all(), key=lambda row: row[0])
    rows = (row for event, claims in by_event if (row := _worth(event, list(claims))))
    while some := list(islice(rows, SOME)):
        connection.execute(made.insert(), some)


def _worth(event: str, claims: list[Any]) -> dict[str, Any] | None:
    """As the registry itself makes it of the claims of one event."""
    newest: dict[str, tuple[str, str]] = {}
    for _, name, value, as_of, *_ in claims:
        if name not in newest or as_of > newest[name][1]:
            newest[name] = (value, as_of)
    first = {name: value for name, (value, _) in newest.items()}
    try:
        number = Decimal(first.get("amount", ""))
    except InvalidOperation:
        return None
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -20 or number.adjusted() > 15 or first.get("kind") not in KINDS:
        return None
    is_exact = exponent >= -4 and abs(number) < 10**10
    return {
        "contract": first.get("contract") or first.get("about") or event,
        "event": event,
        "kind": first["kind"],
        "currency": first.get("currency", ""),
        "amount": first["amount"],
        "units": int(number * 10_000) if is_exact else None,
        "digits": max(0, -exponent),
        "is_step": int(first.get("step") == "1"),
        "is_low": int(all(confidence == "low" or verb == "alleged" for *_, confidence, verb, _ in claims)),
        "date": first.get("date", ""),
        "origin": min(origin for *_, origin in claims),
    }


def downgrade() -> None:
    op.drop_table("registry_money")
