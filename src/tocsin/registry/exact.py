"""Amounts as exact numbers, of a size that money has."""

from decimal import Context, Decimal, InvalidOperation

LARGEST, FINEST = 15, -20
"""Powers of ten. `1e99999999` is ten letters in a file and a hundred million in a table; floats of others have sixteen decimals."""
SUMS = Context(prec=100)
"""So many digits that no sum of such amounts is rounded."""


def exact(said: str) -> Decimal:
    """Raises `InvalidOperation` for what is no number, and for one that no money has."""
    amount = Decimal(said)
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < FINEST or (amount and amount.adjusted() > LARGEST):
        raise InvalidOperation
    return amount if exponent <= 0 else amount.quantize(Decimal(1))
