"""Two stewards of the trial's node: they hold recordings and release them, from machines of their own."""

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.seizure.http_client import Browser
from tests.seizure.town import Town
from tests.seizure.truths import Truths
from tests.waiting import wait_until
from tocsin import stewardship
from tocsin.clock import SystemClock
from tocsin.crypto.keys import SigningKey
from tocsin.ids import b64
from tocsin.node import OUT
from tocsin.people import inbox, statement
from tocsin.people.statement import Act, KeyStatement, Named, Reason, Statement
from tocsin.people.steward_keys import spelled

CLOCK = SystemClock()
ANSWERED_S = 90.0


class Stewards:
    """Their keys are truths: a node has only the public halves."""

    def __init__(self, town: Town, truths: Truths) -> None:
        self.town, self._named = town, list[Named]()
        self.first, self.second = (SigningKey.generate(CLOCK) for _ in range(2))
        for key, name in ((self.first, "Wren"), (self.second, "Kestrel")):
            private = Ed25519PrivateKey.from_private_bytes(key.seed)
            truths.add("identity", key.seed)
            truths.add("identity", private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            self._named.append(Named(key=spelled(key.public), name=name))
        self._found()

    def hold(self, recording: bytes) -> None:
        """Both hold it, one step after the other."""
        self._both(self._said(Act.HOLD, recording, Reason.LITIGATION))

    def release(self, recording: bytes) -> None:
        self._both(self._said(Act.RELEASE, recording))

    @staticmethod
    def see_it_erased(browser: Browser, path: str, owner: bytes) -> None:
        """Its owner asks for erasure, and hears from then on that it is gone."""
        assert browser.ask("POST", f"{path}/erase", owner).status == 202
        assert browser.ask("GET", f"{path}/sealed", owner).status == 410
        browser.close()

    @property
    def _node(self) -> Path:
        return self.town.disk.place / "node"

    def _said(self, act: Act, recording: bytes, reason: str = "") -> Statement:
        salt, node, day = statement.salted(CLOCK), self.town.settings.log_origin, self.town.today()
        return Statement(act=act, day=day, node=node, salt=salt, recording=b64(recording), reason=str(reason))

    def _found(self) -> None:
        """Left for the node before it runs; it counts from its first beat on."""
        salt, node, day = statement.salted(CLOCK), self.town.settings.log_origin, self.town.today()
        said = KeyStatement(act=Act.STEWARD_FOUND, day=day, node=node, salt=salt, keys=tuple(self._named))
        signed = statement.confirm(statement.propose(said, self.first), self.second)
        inbox.drop(self._node, {"kind": stewardship.KIND, "signed": signed.raw.decode()}, CLOCK)

    def _both(self, said: Statement) -> None:
        proposed = statement.propose(said, self.first)
        assert self._answer(proposed.raw)["acted"] is False
        assert self._answer(statement.confirm(proposed, self.second).raw)["acted"] is True

    def _answer(self, signed: bytes) -> dict[str, object]:
        """What the node says, as a command would hear it."""
        name = CLOCK.random_bytes(16).hex()
        inbox.drop(self._node, {"kind": stewardship.KIND, "signed": signed.decode(), "to": name}, CLOCK)
        place = self._node / OUT / name
        wait_until(place.exists, ANSWERED_S, step=0.05)
        told: dict[str, object] = json.loads(place.read_bytes())
        place.unlink()
        assert "code" not in told, told
        return told
