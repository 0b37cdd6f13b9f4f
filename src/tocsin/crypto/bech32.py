"""Bech32 (BIP 173) as age uses it for recipients and identities: any length, HRP kept apart."""

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def encode(prefix: str, payload: bytes) -> str:
    """The lower-case Bech32 text of `payload` under `prefix`."""
    groups = _regroup(payload)
    checksum = _polymod([*_expand(prefix), *groups, *[0] * 6]) ^ 1
    groups += [checksum >> 5 * (5 - place) & 31 for place in range(6)]
    return prefix + "1" + "".join(ALPHABET[group] for group in groups)


def decode(prefix: str, text: str) -> bytes:
    """The payload of `text`. Raises `ValueError` for another prefix, a wrong checksum or stray bits."""
    lower = text.lower()
    head, _, tail = lower.rpartition("1")
    if text not in (lower, text.upper()) or head != prefix or any(sign not in ALPHABET for sign in tail):
        raise ValueError("not this kind of Bech32")
    groups = [ALPHABET.index(sign) for sign in tail]
    if _polymod([*_expand(prefix), *groups]) != 1:
        raise ValueError("checksum does not match")
    bits = "".join(f"{group:05b}" for group in groups[:-6])
    whole = len(bits) // 8 * 8
    if len(bits) - whole >= 5 or "1" in bits[whole:]:
        raise ValueError("stray bits")
    return bytes(int(bits[place : place + 8], 2) for place in range(0, whole, 8))


def _regroup(payload: bytes) -> list[int]:
    bits = "".join(f"{byte:08b}" for byte in payload)
    bits += "0" * (-len(bits) % 5)
    return [int(bits[place : place + 5], 2) for place in range(0, len(bits), 5)]


def _expand(prefix: str) -> list[int]:
    return [*(ord(sign) >> 5 for sign in prefix), 0, *(ord(sign) & 31 for sign in prefix)]


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place in range(5):
            check ^= GENERATOR[place] if top >> place & 1 else 0
    return check
