"""A city's evening, second by second: twenty lawyers with hours of their own, phones that call, what must hold of every ring."""

import random
from dataclasses import dataclass, field
from hashlib import sha256

from tests.calls.world import LANGUAGES, PLACES, HandClock, capability, on_duty, rings, room, wait
from tocsin.calls import answer, decline, leave
from tocsin.calls.answer import Answer
from tocsin.calls.model import REST_MS, Call, Duty, Kind, Role, State
from tocsin.ids import b64

LAWYERS = 20
CALL_EACH_S = 8
TALK_S = (20, 120)
PATIENCE_S = 3600


@dataclass
class Evening:
    """`answered` is by the call's number; `left` counts lawyers who were gone in mid-talk."""

    source: random.Random
    answered: set[int] = field(default_factory=set)
    declined: int = 0
    left: int = 0

    def __post_init__(self) -> None:
        self.calls = room(HandClock())
        self._running: dict[int, Call] = {}
        self._over_ms: dict[int, int] = {}
        self._lawyers: list[bytes] = [self._comes(number) for number in range(LAWYERS)]

    def lives(self, calls: int) -> None:
        """So many calls, and until the last is over."""
        number, due_s, second = 0, 0, 0
        while number < calls or self._running:
            if number < calls and second >= due_s:
                self._rings(number)
                number, due_s = number + 1, second + self.source.randint(1, 2 * CALL_EACH_S - 1)
            wait(self.calls, 1, step=1)
            second += 1
            for running in [*self._running.items()]:
                self._is_right(*running)
                self._goes_on(*running)

    def _comes(self, number: int) -> bytes:
        """On duty for some hours of it, the first for all: what they can is drawn."""
        mine, hour = capability(number), 3600
        begins = self.source.randint(0, hour // 2) if number else 0
        on_duty(
            self.calls,
            mine,
            languages=tuple(self.source.sample(LANGUAGES, self.source.randint(1, 3))),
            places=tuple(self.source.sample(PLACES, self.source.randint(1, 2))),
            kinds=tuple(self.source.sample(list(Kind), self.source.randint(1, 5))),
            from_s=begins,
            until_s=begins + self.source.randint(hour // 2, 2 * hour) if number else 12 * hour,
        )
        return mine

    def _rings(self, number: int) -> None:
        language, place = self.source.choice(LANGUAGES), self.source.choice(PLACES)
        kind = self.source.choice(list(Kind))
        self._running[number], _ = rings(self.calls, number, language, place, kind)

    def _is_right(self, number: int, call: Call) -> None:
        """Asked of the rows themselves, not of what the room thinks of them."""
        for handle in call.ringing | (
            {call.answered_by} if number not in self.answered and call.answered_by else set()
        ):
            row = self.calls.queue.duties[handle]
            assert self._fits(row, call), (call, row)
            assert row.engaged == call.id, "nobody is rung for two calls, or on one and rung for another"
        if call.state is State.WAITING:
            free = [row for row in self.calls.queue.duties.values() if not row.engaged]
            left_out = [row for row in free if self._fits(row, call) and self._has_rested(row, call)]
            assert not left_out, "who is right, free and not just rung is rung"

    def _fits(self, row: Duty, call: Call) -> bool:
        is_on = row.from_ms <= self.calls.now_ms < row.until_ms
        return is_on and row.role is Role.LAWYER and call.language in row.languages and call.place in row.places

    def _has_rested(self, row: Duty, call: Call) -> bool:
        return row.handle not in call.declined and self.calls.now_ms - call.rung.get(row.handle, -REST_MS) >= REST_MS

    def _goes_on(self, number: int, call: Call) -> None:
        """Somebody answers, passes on or is away; a talk ends."""
        now = self.calls.now_ms
        if call.state is State.ANSWERED:
            if number not in self.answered:
                self.answered.add(number)
                self._over_ms[number] = now + self.source.randint(*TALK_S) * 1000
            if now >= self._over_ms[number]:
                self._hangs_up(number, call)
        elif number in self.answered:
            self.answered.discard(number)
            self.left += 1
        elif call.state is State.RINGING:
            self._somebody_acts(number, call)
        assert now - call.arrived_ms < PATIENCE_S * 1000, "every call comes to its end"

    def _hangs_up(self, number: int, call: Call) -> None:
        leave.leave(self.calls, call, call.parties[0])
        del self._running[number]

    def _somebody_acts(self, number: int, call: Call) -> None:
        [handle, *_] = sorted(call.ringing)
        mine = self.calls.duty(next(one for one in self._lawyers if sha256(one).digest() == handle))
        if self.source.random() < 0.3:
            digest = b64(self.source.randbytes(32))
            party = answer.answer(self.calls, call, mine, Answer(call=b64(call.id), digest=digest))
            self._is_right(number, call)
            party.listening = int(self.source.random() < 0.95)  # the others are gone without a word
        elif self.source.random() < 0.03:
            decline.decline(self.calls, call, mine)
            self.declined += 1
