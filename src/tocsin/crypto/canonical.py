"""Canonical JSON: one text for one value, so that it can be hashed and signed.

RFC 8785 restricted to integers, strings, booleans, null, arrays and objects; keys sorted by code point. Floats and integers beyond
2**53 are refused because two readers may disagree on them.
"""

import json
from typing import TypeAlias

Value: TypeAlias = "None | bool | int | str | list[Value] | dict[str, Value]"

EXACT_INTEGER = 2**53

_spell = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


class CanonicalError(ValueError):
    """The bytes are not canonical JSON, or the value has no canonical form."""


def dumps(value: object) -> bytes:
    """The canonical bytes of `value`. Raises `CanonicalError` for floats, huge integers and other types."""
    _refuse_inexact(value)
    return _spell(value).encode()


def loads(raw: bytes) -> Value:
    """The value of canonical bytes. Raises `CanonicalError` for duplicates, white space and any other spelling."""
    try:
        value: Value = json.loads(raw.decode(), object_pairs_hook=_object_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise CanonicalError("not JSON") from error
    if dumps(value) != raw:
        raise CanonicalError("not canonical")
    return value


def _refuse_inexact(value: object) -> None:
    match value:
        case None | bool() | str():
            return
        case int():
            if abs(value) > EXACT_INTEGER:
                raise CanonicalError("integer too large")
        case list() | tuple():
            for item in value:
                _refuse_inexact(item)
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise CanonicalError("key is not a string")
                _refuse_inexact(item)
        case _:
            raise CanonicalError("no canonical form")


def _object_without_duplicates(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise CanonicalError("duplicate key")
    return found
