"""Size classes: how long a sealed message may look.

Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", PETS 2019, section 4)
leaks O(log log n) bits of a length for at most 12 % more bytes.
"""

from tocsin.crypto.profiles import INNER_FLOOR


def padme(length: int) -> int:
    """The smallest Padmé length that is at least `length` (`length` >= 1)."""
    exponent = length.bit_length() - 1
    free_bits = exponent - exponent.bit_length()
    if free_bits <= 0:
        return length
    mask = (1 << free_bits) - 1
    return (length + mask) & ~mask


def padded(length: int) -> int:
    """The padded length of an inner message of `length` bytes, never under 1,024."""
    return padme(max(length, INNER_FLOOR))
