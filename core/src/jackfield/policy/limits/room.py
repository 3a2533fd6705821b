"""The waiting room: who comes first is served first, those with higher priority before all others.

Only the first of a queue looks at its limit, and sleeps until that may have changed; all others wait to become
the first. So one timer serves any number of waiting calls, and nobody is overtaken by a newcomer.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from concurrent.futures import Future
from heapq import heapify, heappop, heappush
from itertools import count

ORDER = {"high": 0, "normal": 1, "low": 2}


class Place:
    """One call that waits. ``woken`` is done when it should look again."""

    __slots__ = ("number", "queue", "rank", "woken")

    def __init__(self, rank: int, number: int) -> None:
        self.rank = rank
        self.number = number
        self.queue: Hashable = None
        self.woken: Future[None] = Future()

    def __lt__(self, other: Place) -> bool:
        return (self.rank, self.number) < (other.rank, other.number)

    def wake(self) -> None:
        """Have it look again."""
        if not self.woken.done():
            self.woken.set_result(None)


class Room:
    """Queues by what is waited for; at most ``most`` places per priority."""

    __slots__ = ("_counts", "_lock", "_numbers", "_queues", "most")

    def __init__(self, most: int = 1000) -> None:
        self.most = most
        self._queues: dict[Hashable, list[Place]] = {}
        self._counts = [0, 0, 0]
        self._numbers = count()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return sum(self._counts)

    def __bool__(self) -> bool:
        return bool(self._queues)

    def busy(self, queue: Hashable, priority: str) -> bool:
        """Whether somebody waits there already who would be overtaken."""
        if queue not in self._queues:  # the usual case, without the lock: a dict's own look-up is whole
            return False
        with self._lock:
            places = self._queues.get(queue)
            return places is not None and places[0].rank <= ORDER[priority]

    def enter(self, queue: Hashable, priority: str) -> Place | None:
        """A place in the queue; ``None`` if the room is full for that priority."""
        rank = ORDER[priority]
        with self._lock:
            if self._counts[rank] >= self.most:
                return None
            self._counts[rank] += 1
            place = Place(rank, next(self._numbers))
            self._join(place, queue)
            return place

    def move(self, place: Place, queue: Hashable) -> None:
        """Wait for something else, at the rank and age one has."""
        if place.queue != queue:
            with self._lock:
                self._drop(place)
                self._join(place, queue)

    def leave(self, place: Place) -> None:
        """Give up the place; the next one of the queue looks."""
        with self._lock:
            if place.queue is not None:
                self._counts[place.rank] -= 1
                self._drop(place)
                place.queue = None

    def is_first(self, place: Place) -> bool:
        """Whether it is this one's turn to look; what changes from here on wakes it anew."""
        with self._lock:
            place.woken = Future()
            return self._queues[place.queue][0] is place

    def wake(self, queue: Hashable) -> None:
        """Something changed: the first one looks."""
        if queue in self._queues:
            with self._lock:
                self._wake_first(queue)

    def _join(self, place: Place, queue: Hashable) -> None:
        place.queue = queue
        heappush(self._queues.setdefault(queue, []), place)

    def _drop(self, place: Place) -> None:
        places = self._queues[place.queue]
        if places[0] is place:
            heappop(places)
        else:
            places.remove(place)
            heapify(places)
        if not places:
            del self._queues[place.queue]
        self._wake_first(place.queue)

    def _wake_first(self, queue: Hashable) -> None:
        places = self._queues.get(queue)
        if places:
            places[0].wake()
