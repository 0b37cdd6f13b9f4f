"""What survives a killed node: the state of calls and shifts, sealed, at their own ends. No disk has any of it.

Each change hands the ends a fresh copy, sealed under a key of the node's: they can neither read nor change it, and whoever comes
back first after a restart brings it. Only a copy that another life of this node sealed is taken, and none older than a shift:
within one life the node's own memory is the truth, so nobody rings twice by showing an old one.
"""

from typing import Any, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.calls.model import (
    BACK_MS,
    RING_MS,
    SHIFT_MS,
    AskedWrong,
    Call,
    CallId,
    CallUnknown,
    Duty,
    Handle,
    NotOnDuty,
    Queue,
)
from tocsin.calls.room import Calls

CALL, DUTY = b"tocsin.calls/v1 call", b"tocsin.calls/v1 duty"
NONCE_BYTES = 12

T = TypeVar("T")


class Kept(msgspec.Struct, frozen=True):
    """A copy: which life of the node sealed it, when (Unix ms), and what it is."""

    boot: bytes
    at_ms: int
    what: Any


def seal_call(calls: Calls, call: Call) -> bytes:
    """A copy for the ends of a call. What they sent each other is not in it."""
    kept = msgspec.to_builtins(call, builtin_types=(bytes,))
    return _seal(calls, CALL, kept | {"messages": [], "sent": 0})


def seal_duty(calls: Calls, duty: Duty) -> bytes:
    """A copy for whoever is on duty."""
    return _seal(calls, DUTY, msgspec.to_builtins(duty, builtin_types=(bytes,)))


def open_call(calls: Calls, raw: bytes) -> Call:
    """Raises `AskedWrong` for what is not ours, `CallUnknown` for a copy of this life: that call is over."""
    kept = _open(calls, CALL, raw, CallUnknown)
    call = msgspec.convert(kept.what, Call, builtin_types=(bytes,))
    now = calls.now_ms
    for party in call.parties:
        party.heard_ms, party.listening, party.since = now, 0, 0
    call.since_ms = max(call.since_ms, now - RING_MS + BACK_MS)
    if call.answered_by and (duty := calls.queue.duties.get(call.answered_by)):
        duty.engaged = call.id
    _engage_again(calls.queue, call)
    return call


def open_duty(calls: Calls, raw: bytes, handle: Handle) -> Duty:
    """Raises `AskedWrong`, `NotOnDuty` for a copy of this life or of somebody else's shift: that duty was ended."""
    kept = _open(calls, DUTY, raw, NotOnDuty)
    duty = msgspec.convert(kept.what, Duty, builtin_types=(bytes,))
    now = calls.now_ms
    if duty.handle != handle or duty.until_ms <= now or duty.until_ms - now > SHIFT_MS:
        raise NotOnDuty
    duty.devices, duty.heard_ms, duty.engaged = 0, now, CallId(b"")
    duty.engaged = next((one.id for one in calls.queue.calls.values() if handle in _holders(one)), CallId(b""))
    return duty


def _engage_again(queue: Queue, call: Call) -> None:
    """Whom it rang is rung on, as far as they are back and nothing else rings them; who is not back yet keeps their twenty seconds."""
    for handle in [*call.ringing]:
        duty = queue.duties.get(handle)
        if duty is None:
            continue
        if duty.engaged:
            call.ringing.discard(handle)
        else:
            duty.engaged = call.id


def _holders(call: Call) -> set[Handle]:
    return call.ringing | ({call.answered_by} if call.answered_by else set())


def _seal(calls: Calls, label: bytes, what: Any) -> bytes:
    nonce = calls.clock.random_bytes(NONCE_BYTES)
    plain = msgspec.msgpack.encode(Kept(calls.boot, calls.now_ms, what))
    return nonce + AESGCM(calls.key).encrypt(nonce, plain, label)


def _open(calls: Calls, label: bytes, raw: bytes, stale: type[CallUnknown | NotOnDuty]) -> Kept:
    try:
        plain = AESGCM(calls.key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], label)
    except (InvalidTag, ValueError) as error:
        raise AskedWrong from error
    kept = msgspec.msgpack.decode(plain, type=Kept)
    if kept.boot == calls.boot or not 0 <= calls.now_ms - kept.at_ms < SHIFT_MS:
        raise stale
    return kept
