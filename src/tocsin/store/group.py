"""Many callers, one thread, one sync: the shape behind the database's and the segments' group commit.

Promise: a job handed in is performed exactly once, in the order of arrival, by one thread that performs everything waiting
as one group; the caller gets its own answer or its own error. The event loop never blocks: it takes a lock that is only
ever held for a few list operations. A caller that stops waiting does not undo its job. After `close` every job handed in
before it has been answered, and later ones are refused with `StoreClosed`.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from tocsin.clock import Clock, SystemClock
from tocsin.errors import TocsinError

Job = TypeVar("Job")
Answer = TypeVar("Answer")
_Caller = tuple[asyncio.AbstractEventLoop | None, asyncio.Future[Answer] | Future[Answer]]

PATIENCE, MOST_PATIENCE_S = 4.0, 0.005
"""How long a group may wait for the callers of the one before to come back: so many times what that one took, and never longer than
a person could notice. A busy event loop needs a millisecond for each of them; groups of one and two cost it a tenth of its time.
"""


class StoreClosed(TocsinError):
    """The store was closed; nothing of this was stored."""

    code = "not_ready"
    status = 503
    message = "The node is starting or stopping. Try again in a few seconds."

    def __init__(self) -> None:
        super().__init__(retry_after=5)


class Group(Generic[Job, Answer]):
    """One named thread that performs whatever waits, together.

    `perform` gets 1 to `limit` jobs and answers a value or an exception for each.
    """

    def __init__(
        self,
        name: str,
        perform: Callable[[Sequence[Job]], Sequence[Answer | BaseException]],
        limit: int,
        clock: Clock | None = None,
    ) -> None:
        self._perform = perform
        self._limit = limit
        self._clock = clock or SystemClock()
        self._waiting: list[tuple[Job, _Caller[Answer]]] = []
        self._changed = threading.Condition()
        self._wanted = 1
        self._waking: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def ask(self, job: Job) -> Answer:
        """Hand in `job` and wait for its answer without blocking the event loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._hand_in(job, (loop, future))
        if self._waking is not loop:
            # Once this turn of the loop is over: a thread woken for the first of sixteen would take its turn before the others.
            self._waking = loop
            loop.call_soon(self._wake)
        return await future

    def ask_now(self, job: Job) -> Answer:
        """Hand in `job` and block this thread for its answer; for commands and threads, never on the event loop."""
        future: Future[Answer] = Future()
        self._hand_in(job, (None, future))
        self._wake()
        return future.result()

    def close(self) -> None:
        """Perform what waits, answer it, end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _hand_in(self, job: Job, caller: _Caller[Answer]) -> None:
        with self._changed:
            if self._closed:
                raise StoreClosed
            self._waiting.append((job, caller))

    def _wake(self) -> None:
        self._waking = None
        with self._changed:
            if len(self._waiting) >= self._wanted:
                self._changed.notify()

    def _run(self) -> None:
        expected, patience_s = 1, 0.0
        while expected:
            expected, patience_s = self._turn(expected, patience_s)

    def _turn(self, expected: int, patience_s: float) -> tuple[int, float]:
        """One group, from waiting for it to answering it; keeps nothing of it.

        Returns how many jobs the next group may hope for (0: closed) and for how many seconds.
        """
        group = self._next_group(expected, patience_s)
        began = self._clock.monotonic()
        answers = self._answers([job for job, _ in group]) if group else []
        patience_s = min((self._clock.monotonic() - began) * PATIENCE, MOST_PATIENCE_S)
        with self._changed:
            expected = min(self._limit, len(group) + len(self._waiting)) if group else 0
        _answer_all([caller for _, caller in group], answers)
        return expected, patience_s

    def _next_group(self, expected: int, patience_s: float) -> list[tuple[Job, _Caller[Answer]]]:
        """Wait for work, then a moment for those who were waiting and those who were just answered.

        Without that moment, sixteen callers split into groups of one and fifteen and pay for two syncs each time round.
        """
        with self._changed:
            self._wanted = 1
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._wanted = expected
            self._changed.wait_for(lambda: len(self._waiting) >= expected or self._closed, patience_s)
            group, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
            return group

    def _answers(self, jobs: Sequence[Job]) -> Sequence[Answer | BaseException]:
        try:
            return self._perform(jobs)
        except Exception as error:  # noqa: BLE001  the thread outlives every error: each caller is told, the next group is tried
            return [error] * len(jobs)


def _answer_all(callers: Sequence[_Caller[Answer]], answers: Sequence[Answer | BaseException]) -> None:
    """Answer every caller; one wake-up for each event loop, however many of its callers wait."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Answer], Answer | BaseException]]] = {}
    for (loop, future), answer in zip(callers, answers, strict=True):
        if isinstance(future, Future):
            _settle(future, answer)
        elif loop is not None:
            by_loop.setdefault(loop, []).append((future, answer))
    for loop, settled in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle_each, settled)
        except RuntimeError:  # the loop was closed under its callers: nobody is left to tell, the work is done
            continue


def _settle_each(settled: Sequence[tuple["asyncio.Future[Answer]", Answer | BaseException]]) -> None:
    for future, answer in settled:
        if not future.done():
            _settle(future, answer)


def _settle(future: "asyncio.Future[Answer] | Future[Answer]", answer: Answer | BaseException) -> None:
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)
