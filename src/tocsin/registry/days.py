"""Whole days as others write them."""

from datetime import UTC, datetime

DAY_S = 86_400


def iso(day: int) -> str:
    """A day since 1970 as ISO 8601 writes it."""
    return stamp(day)[:10]


def stamp(day: int) -> str:
    """A whole day as RFC 3339 writes a time."""
    return datetime.fromtimestamp(day * DAY_S, UTC).strftime("%Y-%m-%dT00:00:00Z")
