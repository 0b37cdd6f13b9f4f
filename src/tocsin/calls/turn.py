"""Short-lived names for the relay (draft-uberti-behave-turn-rest-00): it takes whoever knows the secret it shares with this node."""

import base64
import hashlib
import hmac
from typing import Any

from tocsin.calls.model import RelayAbsent
from tocsin.calls.room import Calls
from tocsin.ids import b64

LIFE_S = 3600


def credentials(calls: Calls) -> dict[str, Any]:
    """For one end of a call, for an hour. The name is a time and a random number: the relay learns nobody's. Raises `RelayAbsent`."""
    relay = calls.relay
    if not relay.urls or not relay.secret:
        raise RelayAbsent
    name = f"{calls.now_ms // 1000 + LIFE_S}:{b64(calls.clock.random_bytes(9))}"
    # The relay's protocol has SHA-1 here; as an HMAC it is not broken by SHA-1's collisions.
    digest = hmac.new(relay.secret.encode(), name.encode(), hashlib.sha1).digest()
    return {"urls": relay.urls, "username": name, "credential": base64.b64encode(digest).decode(), "life_s": LIFE_S}
