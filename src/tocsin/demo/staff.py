"""The demo's staff: two sample stewards, a sample dispatcher and a sample lawyer, who join as anybody does, with this program in a
browser's place.

In earnest each makes their keys in a browser of their own and no machine ever holds two of them. Here all four stand in one file of
the demo's folder, with passphrases that the demo prints. What is sent is what `docs/spec/staff.md` says.
"""

import re
import ssl
from pathlib import Path
from typing import Any

import httpx
import msgspec
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.clock import Clock
from tocsin.crypto import bech32, envelope, words
from tocsin.crypto.hkdf import hkdf
from tocsin.crypto.keys import SigningKey
from tocsin.crypto.profiles import KEY_BYTES, NONCE_BYTES
from tocsin.demo.town import DESK_NAME, DISPATCHER, STEWARDS, DemoFailed, Town, tocsin
from tocsin.ids import b64, unb64
from tocsin.people import steward_keys

LABEL = b"tocsin.staff/v1 "
LINK = re.compile(r"/staff/join#([\w-]+)")
IDENTITY = "age-secret-key-"
SALT_BYTES = 16
PATIENCE_S = 30.0


class Person(msgspec.Struct, frozen=True):
    """One of them: how they sign in."""

    pseudonym: str
    passphrase: str


def invite(town: Town) -> list[str]:
    """Secrets of the founding links, from `tocsin init`. Call it while no node runs; none where the staff are there already."""
    if place_of(town).exists():
        return []
    asked = [part for name in STEWARDS for part in ("--steward", name)]
    return LINK.findall(tocsin("--settings", str(town.settings), "init", *asked))


def join(town: Town, secrets: list[str], clock: Clock) -> None:
    """Bring them in, once the node answers. Raises `DemoFailed` when it refuses."""
    if not secrets:
        return
    people: list[Person] = []
    cookie = ""
    with client_of(town) as client:
        for name, secret in zip(STEWARDS, secrets, strict=True):
            key = steward_keys.read_key(town.stewards / name, None)
            cookie, person = accept(client, clock, name, secret, clock.random_bytes(KEY_BYTES), key)
            people.append(person)
        for name, role, identity_file, key_file in (
            (DISPATCHER, "dispatcher", town.dispatcher_identity, town.dispatcher_key),
            (DESK_NAME, "lawyer", town.desk_identity, town.desk_key),
        ):
            identity = bech32.decode(IDENTITY, identity_file.read_text().split()[-1].lower())
            # The key that signs the lawyer's packages is the one that stands beside their recipient in the log.
            key = steward_keys.read_key(key_file, None)
            people.append(accept(client, clock, name, _invited(client, cookie, name, role), identity, key)[1])
    place = place_of(town)
    place.touch(0o600)
    place.write_bytes(msgspec.json.encode(people))


def _invited(client: httpx.Client, cookie: str, name: str, role: str) -> str:
    """The secret of a link that a steward's page shows once. Raises `DemoFailed`."""
    asked = {"pseudonym": name, "role": role}
    link = LINK.search(client.post("/en/staff/people/invite", data=asked, headers={"Cookie": cookie}).text)
    if link is None:
        raise DemoFailed(f"The sample steward could not invite the {name}.")
    return link[1]


def known(town: Town) -> list[Person]:
    """Who can sign in, the lawyer last; nobody where an older demo made this folder."""
    place = place_of(town)
    return msgspec.json.decode(place.read_bytes(), type=list[Person]) if place.exists() else []


def place_of(town: Town) -> Path:
    return town.folder / "staff.json"


def client_of(town: Town) -> httpx.Client:
    """Speaks to the node on this machine under the name that its pages have."""
    verify: ssl.SSLContext | bool = True
    if town.lan:
        verify = ssl.create_default_context(cafile=str(town.lan.root))
        verify.check_hostname = False  # the name leads to this machine's other address
    scheme, _, host = town.url.partition("://")
    return httpx.Client(
        base_url=f"{scheme}://localhost:{town.ports.node}",
        headers={"Origin": town.url, "Host": host},
        timeout=PATIENCE_S,
        trust_env=False,
        verify=verify,
    )


def accept(
    client: httpx.Client, clock: Clock, name: str, link: str, identity: bytes, key: SigningKey
) -> tuple[str, Person]:
    """Accept an invitation under a drawn passphrase; the session's cookie, and how to sign in."""
    origin = client.headers["Origin"].encode()
    staff_id = unb64(said(client, "/staff/invitation", {"secret": link})["staff"])
    challenge = unb64(said(client, "/staff/challenge", {})["challenge"])
    passphrase, salt, nonce = words.draw(clock), clock.random_bytes(SALT_BYTES), clock.random_bytes(NONCE_BYTES)
    secret = hash_secret_raw(passphrase.encode(), salt, 3, 64 * 1024, 1, KEY_BYTES, Type.ID)
    proving = SigningKey(hkdf(secret, salt=b"", info=LABEL + b"sign-in", length=KEY_BYTES))
    seal_key = hkdf(secret, salt=staff_id, info=LABEL + b"seal", length=KEY_BYTES)
    sealed = b"\x01" + nonce + AESGCM(seal_key).encrypt(nonce, identity + key.seed, LABEL + b"identity\n" + staff_id)
    recipient = envelope.recipient_of(envelope.identity_of(identity))
    about = b"\n" + recipient.encode() + b"\n" + key.public
    signed = proving.sign(LABEL + b"sign-in\n" + origin + b"\n" + challenge)
    proof = {"challenge": b64(challenge), "public": b64(proving.public), "signature": b64(signed)}
    body = {
        "secret": link,
        "recipient": recipient,
        "signing_key": b64(key.public),
        "keys_signature": b64(key.sign(LABEL + b"keys\n" + origin + b"\n" + challenge + about)),
        "door": {"kind": "passphrase", "sealed": b64(sealed), "salt": b64(salt), "proof": proof},
    }
    joined = client.post("/staff/join", json=body)
    _refuse_refusal(joined)
    return joined.headers["set-cookie"].partition(";")[0], Person(name, passphrase)


def said(client: httpx.Client, path: str, body: dict[str, str]) -> Any:
    answer = client.post(path, json=body)
    _refuse_refusal(answer)
    return answer.json()


def _refuse_refusal(answer: httpx.Response) -> None:
    if not answer.is_success:
        raise DemoFailed(f"The node refused the sample staff: {answer.text}")
