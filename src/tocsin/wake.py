"""Wake a steward: one fixed sentence, by a command or to an address, tried again until it arrived, once an incident.

Nothing else ever leaves: not what is wrong, not which node, not since when. Whoever carries the sentence (a push service, a telephone
company) learns that a page is to be opened. `Alarm.look` waits for a command or an address: call it from a thread of its own.
"""

import subprocess
from collections.abc import Callable, Sequence

TEXT = "Open your Tocsin status page."
PATIENCE_S = 20.0
RETRY_S = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Between tries; the last one goes on for as long as it takes."""
CALM_S = 600.0
"""An incident is over when all was well for so long; what flaps wakes nobody twice."""

Way = Callable[[], bool]
"""Says the sentence; whether it was taken."""


def ways(command: Sequence[str], url: str) -> list[Way]:
    """The ways that are configured."""
    found: list[Way] = []
    if command:
        found.append(lambda: by_command(command))
    if url:
        found.append(lambda: by_url(url))
    return found


def by_command(command: Sequence[str]) -> bool:
    """Run `command` with the sentence on its standard input; taken when it exits with 0. It inherits no environment but PATH."""
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    try:
        ran = subprocess.run(
            command, input=f"{TEXT}\n", text=True, capture_output=True, timeout=PATIENCE_S, env=environment, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return ran.returncode == 0


def by_url(url: str) -> bool:
    """POST the sentence as plain text (what ntfy and its kin take); taken when the answer is 2xx."""
    import urllib.request  # a witness, which only answers, loads what asks when it has to

    request = urllib.request.Request(  # noqa: S310  the settings allow http and https alone
        url, data=TEXT.encode(), headers={"Content-Type": "text/plain; charset=utf-8", "User-Agent": "tocsin"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=PATIENCE_S) as answer:
            return bool(200 <= answer.status < 300)
    except (OSError, ValueError):
        return False


class Alarm:
    """One bell. Rung once an incident, by every way until each has taken it."""

    def __init__(self, configured: Sequence[Way]) -> None:
        self._ways = tuple(configured)
        self._owed: list[Way] = []
        self._tries = 0
        self._due = 0.0
        self._bad_at = 0.0
        self.is_incident = False

    @property
    def is_unheard(self) -> bool:
        """Whether a way that was tried has not taken the sentence yet."""
        return bool(self._owed) and self._tries > 0

    def look(self, *, is_bad: bool, now: float) -> None:
        """How things stand at `now` (seconds that only grow): begins, ends or goes on with an incident, and tries what is due."""
        if is_bad and not self.is_incident:
            self.is_incident, self._owed, self._tries, self._due = True, list(self._ways), 0, now
        if is_bad:
            self._bad_at = now
        elif self.is_incident and now - self._bad_at >= CALM_S:
            self.is_incident, self._owed = False, []
        if self._owed and now >= self._due:
            self._owed = [way for way in self._owed if not way()]
            self._due = now + RETRY_S[min(self._tries, len(RETRY_S) - 1)]
            self._tries += 1
