"""A browser that gives everything away that browsers and proxies do."""

import http.client
import json
import socket
from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.seizure.people import Person
from tocsin.ids import b64

PATIENCE_S = 90.0


class Answer(NamedTuple):
    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json.get("code", "")) if self.status >= 400 else ""


class Browser:
    """One person's connection, kept alive, from their own address."""

    def __init__(self, port: int, person: Person) -> None:
        self.port, self.person = port, person
        self._connection: http.client.HTTPConnection | None = None

    def ask(
        self,
        method: str,
        path: str,
        secret: bytes = b"",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request. Raises `OSError` or `http.client.HTTPException` where the node is gone."""
        may = {"Authorization": f"Tocsin {b64(secret)}"} if secret else {}
        told = {**self.canaries(), **may, "Content-Length": str(len(body)), **(headers or {})}
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=PATIENCE_S, source_address=(self.person.address, 0)
            )
        try:
            self._connection.request(method, path, body or None, told)
            answer = self._connection.getresponse()
            return Answer(answer.status, answer.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def canaries(self) -> dict[str, str]:
        """What a browser sends of itself, and a proxy of it."""
        who = self.person
        return {
            "User-Agent": who.agent,
            "Accept-Language": who.language,
            "X-Forwarded-For": who.address,
            "Forwarded": f"for={who.address}",
            "X-Real-IP": who.address,
            "From": who.mail,
            "Cookie": f"who={who.mail}",
        }

    def broken_off(self, request: bytes) -> None:
        """Send raw bytes and go away without waiting."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S, (self.person.address, 0)) as one:
            one.sendall(request)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None
