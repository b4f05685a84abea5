"""How many answers run at once: a bounded number, shared fairly between organizations; who cannot be served hears it at once.

A model server's own queue has no limit, so it is bounded here. An answer that would have to wait longer than a person
would is refused before anything is stored or charged.
"""

import asyncio
import bisect
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from serving.errors import ApiError, TooManyRequestsError

# Weight of the latest answer in the moving mean of how long one takes.
_NEWEST = 0.05
_FIRST_GUESS_S = 5.0


class BusyError(ApiError):
    """The service is full; nothing was stored and nothing charged."""

    status = 503
    slug = "overloaded"
    title = "Too many answers are running right now"

    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__(
            f"All places are taken; try again in {retry_after_s} s", headers={"Retry-After": str(retry_after_s)}
        )


class DrainingError(ApiError):
    """This process is about to end."""

    status = 503
    slug = "restarting"
    title = "The service restarts; try again in a moment"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


@dataclass(frozen=True)
class AdmissionLimits:
    """Limits of one process.

    Attributes:
        running: Answers at once.
        running_per_organization: Answers of one organization at once.
        waiting_per_organization: Questions of one organization that wait.
        wait_s: The longest that a question waits; one that would have to wait longer is refused at once.
        arriving: Questions that are on their way to a place: being authenticated, parsed and stored. What comes on top
            would only queue for the database, and make those wait who are served.
        opening: Of those, the ones that are being stored at once. More would be stored no faster: they would take turns at
            the processor, and with them whoever is refused or reads.
    """

    running: int
    running_per_organization: int
    waiting_per_organization: int
    wait_s: float
    arriving: int = 100
    opening: int = 12


@dataclass
class _Share:
    running: int = 0
    since: list[float] = field(default_factory=list)
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class Arrival:
    """One question on its way to a place; counted until it is there or has failed to get there."""

    def __init__(self, admission: "Admission") -> None:
        self._admission: Admission | None = admission
        self._turn: asyncio.Semaphore | None = None
        admission.arriving += 1

    async def take_turn(self, turns: asyncio.Semaphore) -> None:
        """Wait for a turn, which ends with the arrival."""
        if self._turn is None:
            await turns.acquire()
            self._turn = turns

    def give_turn(self) -> None:
        """Let another have the turn; said once or many times."""
        if self._turn is not None:
            self._turn.release()
            self._turn = None

    def end(self) -> None:
        """It is there, or it is over; said once or many times."""
        self.give_turn()
        if self._admission is not None:
            self._admission.arriving -= 1
            self._admission = None


_ARRIVAL: ContextVar[Arrival | None] = ContextVar("arrival", default=None)


class Admission:
    """Places for answers. A place that becomes free goes to the waiting organization with the fewest running."""

    def __init__(self, limits: AdmissionLimits) -> None:
        self.limits = limits
        self._shares: OrderedDict[uuid.UUID, _Share] = OrderedDict()
        self._running = 0
        self._since: list[float] = []
        self._mean_s = _FIRST_GUESS_S
        self._is_draining = False
        self._turns = asyncio.Semaphore(limits.opening)
        self.arriving = 0

    @property
    def running(self) -> int:
        """Answers that run."""
        return self._running

    @property
    def waiting(self) -> int:
        """Questions that wait."""
        return sum(len(share.waiting) for share in self._shares.values())

    def of(self, organization_id: uuid.UUID) -> tuple[int, int]:
        """Answers of an organization that run, and its questions that wait."""
        share = self._shares.get(organization_id)
        return (share.running, len(share.waiting)) if share is not None else (0, 0)

    @property
    def is_draining(self) -> bool:
        """Whether this process is about to end."""
        return self._is_draining

    def drain(self) -> None:
        """Let nobody in any more; who waits is told to come back."""
        self._is_draining = True
        for share in self._shares.values():
            while share.waiting:
                waiter = share.waiting.popleft()
                if not waiter.done():
                    waiter.set_exception(DrainingError())

    @contextmanager
    def arrival(self) -> Iterator[None]:
        """Count a question from its first byte on; within the block `arrived` ends its arrival.

        Raises:
            BusyError: No place is free, nor will be soon, or too many are on their way.
            DrainingError: This process is about to end.
        """
        self.check()
        if self.arriving >= self.limits.arriving:
            raise BusyError(retry_after_s=1)
        arrival = Arrival(self)
        token = _ARRIVAL.set(arrival)
        try:
            yield
        finally:
            arrival.end()
            _ARRIVAL.reset(token)

    async def turn(self) -> None:
        """Wait until the question of this request may be stored; it may until it has arrived, or waits for a place."""
        if (arrival := _ARRIVAL.get()) is not None:
            await arrival.take_turn(self._turns)

    @staticmethod
    def arrived() -> None:
        """The question of this request is stored, or was refused: another may come."""
        if (arrival := _ARRIVAL.get()) is not None:
            arrival.end()

    def check(self) -> None:
        """Whether a question of anybody has a chance at all; cheap, so that it can be asked before a body is read.

        Raises:
            BusyError: No place is free, nor will be soon.
            DrainingError: This process is about to end.
        """
        if self._is_draining:
            raise DrainingError
        if self._running + self.arriving < self.limits.running:
            return
        expected = self._expected_wait_s(self._since, self.waiting)
        if expected > self.limits.wait_s:
            raise BusyError(retry_after_s=self._retry_after_s(expected))

    @asynccontextmanager
    async def place(self, organization_id: uuid.UUID) -> AsyncIterator[None]:
        """Hold a place for the length of the block.

        Raises:
            TooManyRequestsError: The organization has as many answers running or waiting as it may.
            BusyError: The process has.
            DrainingError: This process is about to end.
        """
        await self.enter(organization_id)
        started = time.monotonic()
        try:
            yield
        finally:
            self.leave(organization_id, time.monotonic() - started)

    async def enter(self, organization_id: uuid.UUID) -> None:
        """Take a place, which `leave` must give back; raises as `place` does."""
        if self._is_draining:
            raise DrainingError
        share = self._shares.setdefault(organization_id, _Share())
        if self._has_room(share) and not share.waiting:
            self._take(share)
            return
        self._refuse_long_waits(share)
        if (arrival := _ARRIVAL.get()) is not None:
            arrival.give_turn()
        waiter = asyncio.get_running_loop().create_future()
        share.waiting.append(waiter)
        try:
            async with asyncio.timeout(self.limits.wait_s):
                await waiter
        except TimeoutError:
            # A place that was given in the very moment in which the time ran out is a place.
            if not _was_answered(waiter):
                raise BusyError(retry_after_s=self._retry_after_s(self.limits.wait_s)) from None
            waiter.result()
        except asyncio.CancelledError:
            if _was_answered(waiter) and waiter.exception() is None:
                self.leave(organization_id)  # it was given a place just as its asker left
            raise
        finally:
            if waiter in share.waiting:
                share.waiting.remove(waiter)
            self._forget(organization_id)

    def leave(self, organization_id: uuid.UUID, held_s: float | None = None) -> None:
        """Give a place back."""
        share = self._shares[organization_id]
        share.running -= 1
        self._running -= 1
        began = time.monotonic() - (held_s or 0.0)
        _take_nearest(share.since, began)
        _take_nearest(self._since, began)
        if held_s is not None:
            self._mean_s += _NEWEST * (held_s - self._mean_s)
        self._hand_on()
        self._forget(organization_id)

    def _has_room(self, share: _Share) -> bool:
        return self._running < self.limits.running and share.running < self.limits.running_per_organization

    def _take(self, share: _Share) -> None:
        share.running += 1
        self._running += 1
        now = time.monotonic()
        share.since.append(now)
        self._since.append(now)

    def _refuse_long_waits(self, share: _Share) -> None:
        at_its_limit = share.running >= self.limits.running_per_organization
        if at_its_limit or len(share.waiting) >= self.limits.waiting_per_organization:
            expected = self._expected_wait_s(share.since, len(share.waiting))
            if expected > self.limits.wait_s or len(share.waiting) >= self.limits.waiting_per_organization:
                raise TooManyRequestsError(
                    f"Your organization has {share.running} answers running and {len(share.waiting)} waiting",
                    retry_after_s=self._retry_after_s(expected),
                )
            return
        expected = self._expected_wait_s(self._since, self.waiting)
        if expected > self.limits.wait_s:
            raise BusyError(retry_after_s=self._retry_after_s(expected))

    def _expected_wait_s(self, since: list[float], before: int) -> float:
        """How long until one more place is free than there are questions that wait for one before.

        Answers that began together end together: it is not how many end in a second on the average that counts, but when
        the oldest ones will have run as long as answers do. One that runs longer already may go on for as long again.

        Args:
            since: When the answers that hold the places began, oldest first.
            before: How many wait already.
        """
        if not since:
            return 0.0
        rounds, place = divmod(before, len(since))
        age = time.monotonic() - since[place]
        return (self._mean_s - age if age < self._mean_s else age) + rounds * self._mean_s

    def _retry_after_s(self, expected_s: float) -> int:
        return max(1, min(60, round(expected_s)))

    def _hand_on(self) -> None:
        while self._running < self.limits.running:
            able = [share for share in self._shares.values() if share.waiting and self._has_room(share)]
            if not able:
                return
            share = min(able, key=lambda one: one.running)
            waiter = share.waiting.popleft()
            if not waiter.done():
                self._take(share)
                waiter.set_result(None)

    def _forget(self, organization_id: uuid.UUID) -> None:
        share = self._shares.get(organization_id)
        if share is not None and not share.running and not share.waiting:
            del self._shares[organization_id]


def _was_answered(waiter: "asyncio.Future[None]") -> bool:
    return waiter.done() and not waiter.cancelled()


def _take_nearest(since: list[float], began: float) -> None:
    """Take out of the moments the one that is nearest to when an answer began; the list is in order."""
    if since:
        place = bisect.bisect_left(since, began)
        near = [at for at in (place - 1, place) if 0 <= at < len(since)]
        del since[min(near, key=lambda at: abs(since[at] - began))]
