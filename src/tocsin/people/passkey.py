"""Passkeys (WebAuthn level 3): a credential's public key at joining, a signature of it at signing in.

The PRF output that seals the keys never comes here: the page takes it out before it sends anything.
Signature counters are not kept: they would count somebody's nights, and synced passkeys have none.
"""

from typing import Any

from tocsin.people.doors import DoorMalformed, DoorUnknown


def registered(credential: dict[str, Any], challenge: bytes, rp_id: str, origin: str) -> tuple[bytes, bytes]:
    """Id and COSE public key of a fresh credential. Raises `DoorMalformed`."""
    import webauthn

    try:
        found = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
        )
    except Exception as error:  # its parsers raise whatever their parsers raise, and all of it means one thing
        raise DoorMalformed from error
    return found.credential_id, found.credential_public_key


def refuse_wrong(credential: dict[str, Any], challenge: bytes, rp_id: str, origin: str, public: bytes) -> None:
    """Raises `DoorUnknown` unless the credential of this key signed this challenge for this place, and its holder was verified."""
    import webauthn

    try:
        webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=public,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as error:  # as above
        raise DoorUnknown from error
