"""Who may be rung for a call, and in which order. Pure: the same rows at the same moment give the same answer."""

from collections.abc import Iterable

from tocsin.calls.model import REST_MS, Call, Duty, Role

DEVICE_MS = 5_000
"""A page asks anew each minute: for so long after it was last heard it still counts as there."""


def may_take(duty: Duty, call: Call, now_ms: int) -> bool:
    """Whether somebody is on duty now, speaks the language, and may act in the place. A listener does not act, only listens."""
    is_on = duty.from_ms <= now_ms < duty.until_ms
    is_admitted = call.place in duty.places or duty.role is Role.LISTENER
    return is_on and call.language in duty.languages and is_admitted and duty.handle not in call.declined


def is_free(duty: Duty, now_ms: int) -> bool:
    """Whether one of their devices would ring, and nothing else rings or holds them."""
    return not duty.engaged and (duty.devices > 0 or now_ms - duty.heard_ms < DEVICE_MS)


def ranked(duties: Iterable[Duty], call: Call, now_ms: int) -> list[Duty]:
    """Who can be rung now, the best first: their kind of matter, then whom nothing rang for longest. Lawyers before listeners, and
    listeners only where the caller's phone has sealed something for them and no lawyer is left.
    """
    able = [
        one for one in duties if may_take(one, call, now_ms) and is_free(one, now_ms) and _has_rested(one, call, now_ms)
    ]
    lawyers = [one for one in able if one.role is Role.LAWYER]
    chosen = lawyers or [one for one in able if call.offer_for_listener]
    return sorted(
        chosen, key=lambda one: (one.handle in call.rung, call.kind not in one.kinds, one.rang_ms, one.handle)
    )


def listeners(duties: Iterable[Duty], call: Call, now_ms: int) -> list[Duty]:
    """Volunteers who could listen now."""
    return [one for one in duties if one.role is Role.LISTENER and may_take(one, call, now_ms) and is_free(one, now_ms)]


def could(duties: Iterable[Duty], call: Call, now_ms: int) -> int:
    """How many lawyers a caller may hope for: those who were rung, and those on duty who may take it, free or not."""
    able = {one.handle for one in duties if one.role is Role.LAWYER and may_take(one, call, now_ms)}
    return len(able | set(call.rung))


def _has_rested(duty: Duty, call: Call, now_ms: int) -> bool:
    return duty.handle not in call.rung or now_ms - call.rung[duty.handle] >= REST_MS
