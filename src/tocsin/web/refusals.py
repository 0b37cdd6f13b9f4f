"""How the node refuses: one JSON body for every error, constant but for a random id, and nothing of the request in it."""

import logging
from typing import Any

import msgspec

from tocsin.clock import Clock, SystemClock
from tocsin.errors import TocsinError, place_of
from tocsin.noticed import Noticed

LOG = logging.getLogger("tocsin")
JSON = b"application/json"


class RequestMalformed(TocsinError):
    code = "request_malformed"
    status = 400
    message = "The node could not read the request. Reload the page and try again; nothing was changed."


class BodyTooLarge(TocsinError):
    code = "body_too_large"
    status = 413
    message = "This is more than the node takes at once. The page splits it and tries again."


class LengthMissing(TocsinError):
    code = "length_missing"
    status = 411
    message = "The request did not say how long it is. Reload the page and try again."


class TooSlow(TocsinError):
    code = "too_slow"
    status = 408
    message = "The request came too slowly and was let go. The page tries again by itself."


class HeadTooLarge(TocsinError):
    code = "head_too_large"
    status = 431
    message = "What stands before the request is longer than the node reads. Nothing was changed."


class HostUnknown(TocsinError):
    code = "host_unknown"
    status = 421
    message = "This node does not answer to that name."


class CrossSite(TocsinError):
    code = "cross_site"
    status = 403
    message = "Another site may not change anything here."


class NotFound(TocsinError):
    code = "not_found"
    status = 404
    message = "There is nothing at this address."


class MethodWrong(TocsinError):
    code = "method_wrong"
    status = 405
    message = "This address does not take that method."


class ReadersTooMany(TocsinError):
    code = "readers_too_many"
    status = 503
    message = "More ask at once than the node answers. Try again in ten seconds."


def body_at_the_door(error: TocsinError) -> bytes:
    """The same body for what is refused before the node is asked: the id is as random, and the machine's own."""
    return body_of(error, SystemClock().random_bytes(8).hex())


def body_of(error: TocsinError, error_id: str) -> bytes:
    """The JSON body of a refusal (`docs/spec/http.md`)."""
    shown: dict[str, Any] = {"code": error.code, "message": error.message, "id": error_id}
    if "next" in error.fields:
        shown["next"] = error.fields["next"]
    return msgspec.json.encode(shown)


def headers_of(error: TocsinError) -> list[tuple[bytes, bytes]]:
    """Headers that only this refusal has."""
    wait = error.fields.get("retry_after")
    return [] if wait is None else [(b"retry-after", str(wait).encode())]


def unexpected(error: Exception, noticed: Noticed, clock: Clock) -> tuple[TocsinError, str]:
    """Turn anything else into the constant refusal. The log gets where it broke, never a value, and not the id: a line of a log has
    an exact time, and whoever tells us their id would be dated by it. `tocsin status` knows the id and the hour.
    """
    error_id, place = clock.random_bytes(8).hex(), place_of(error)
    noticed.keep(error_id, place)
    LOG.error("unexpected: %s", place)
    return TocsinError(), error_id
