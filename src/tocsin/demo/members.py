"""The demo's first members: two sample stewards vouch, as they do in a city that begins, until there is a confirmer of each group.

What is printed are links with an admission behind the #, one for each group: whoever opens one is that confirmer, on that phone, once.
In earnest nobody ever sees another's admission: codes are told face to face.
"""

import re
import threading

import httpx
import msgspec
from argon2.low_level import Type, hash_secret_raw

from tocsin.clock import Clock
from tocsin.crypto.hkdf import hkdf
from tocsin.crypto.keys import SigningKey
from tocsin.crypto.profiles import KEY_BYTES
from tocsin.demo import staff
from tocsin.demo.town import COHORTS, STEWARDS, DemoFailed, Town
from tocsin.ids import b64, unb64

SPELLED = re.compile(r"[a-z2-9]{5}-[a-z2-9]{5}")
CODE = re.compile(rf'<li class="code">({SPELLED.pattern})</li>')
PATIENCE_S = 90.0
TRIES = 8
"""The group is drawn: in one start of 128 all eight fall on one side, and that start has one link."""


def links(town: Town, clock: Clock) -> dict[int, str]:
    """Addresses below the node's, by group; none where this week's founding vouches are used up."""
    _wait_for_keys(town, clock)
    people = {one.pseudonym: one for one in staff.known(town)}
    with staff.client_of(town) as client:
        cookies = [sign_in(client, people[name]) for name in STEWARDS if name in people]
        found: dict[int, str] = {}
        for _ in range(TRIES if len(cookies) == len(STEWARDS) else 0):
            admitted = _admitted(client, cookies, clock) if len(found) < COHORTS else None
            if admitted is None:
                break
            found[int(admitted["cohort"])] = f"en/passport/join#{b64(msgspec.json.encode(admitted))}"
    return dict(sorted(found.items()))


def _wait_for_keys(town: Town, clock: Clock) -> None:
    """Until a beat has taken the passport's keys: a phone believes no others. Raises `DemoFailed`."""
    end = clock.monotonic() + PATIENCE_S
    with staff.client_of(town) as client:
        while not _has_keys(client):
            if clock.monotonic() > end:
                raise DemoFailed("The node's passport has no keys in the log.")
            threading.Event().wait(0.5)


def _has_keys(client: httpx.Client) -> bool:
    answer = client.get("/passport/keys")
    return answer.is_success and bool(answer.json()["keys"])


def sign_in(client: httpx.Client, person: staff.Person) -> str:
    """The cookie of somebody who signs in with a passphrase. Raises `DemoFailed`."""
    origin = client.headers["Origin"].encode()
    salt = unb64(staff.said(client, "/staff/salt", {"pseudonym": person.pseudonym})["salt"])
    challenge = unb64(staff.said(client, "/staff/challenge", {})["challenge"])
    secret = hash_secret_raw(person.passphrase.encode(), salt, 3, 64 * 1024, 1, KEY_BYTES, Type.ID)
    proving = SigningKey(hkdf(secret, salt=b"", info=staff.LABEL + b"sign-in", length=KEY_BYTES))
    signed = proving.sign(staff.LABEL + b"sign-in\n" + origin + b"\n" + challenge)
    proof = {"challenge": b64(challenge), "public": b64(proving.public), "signature": b64(signed)}
    body = {"kind": "passphrase", "pseudonym": person.pseudonym, "proof": proof}
    answer = client.post("/staff/sign-in", json=body)
    if not answer.is_success:
        raise DemoFailed(f"The node refused the sample staff: {answer.text}")
    return answer.headers["set-cookie"].partition(";")[0]


def codes(client: httpx.Client, cookies: list[str]) -> list[str]:
    """A vouch of each steward and a confirmer's training code, from the stewards' pages; empty where none are given any more."""
    vouches = [_code(client, cookie, "vouch", {"count": "1"}) for cookie in cookies]
    return [*vouches, _code(client, cookies[0], "training", {"role": "confirmer", "count": "1"})]


def _admitted(client: httpx.Client, cookies: list[str], clock: Clock) -> dict[str, int | str] | None:
    """One confirmer's admission; None where there are no codes."""
    *vouches, training = codes(client, cookies)
    if "" in (*vouches, training):
        return None
    said = {"vouches": vouches, "training": training, "adult": True, "secret": b64(clock.random_bytes(32))}
    answer = client.post("/passport/admit", json=said)
    if not answer.is_success:
        raise DemoFailed(f"The node refused the sample members: {answer.text}")
    told: dict[str, int | str] = answer.json()
    return told


def _code(client: httpx.Client, cookie: str, kind: str, form: dict[str, str]) -> str:
    page = client.post(f"/en/staff/passport/{kind}", data=form, headers={"Cookie": cookie}).text
    found = CODE.search(page)
    return found[1] if found else ""
