"""Providers as models: how soon they answer, when they are down, how often one call in many fails."""

from __future__ import annotations

import json
import random
from bisect import bisect_right
from dataclasses import dataclass, field

from jackfield.errors import ErrorInfo, JackfieldError, Unavailable
from jackfield.wire.call import Call, Headers, Reply

BODY = json.dumps({
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
}).encode()  # fmt: skip
GOOD = Reply(200, Headers({"content-type": "application/json"}), BODY)
BAD = Reply(503, Headers({"content-type": "application/json"}), b'{"error": {"message": "overloaded"}}')


@dataclass
class Modelled:
    """One provider: answers in a while, is down at times, and fails now and then for no reason."""

    seconds: float = 0.5
    flaky: float = 0.0
    outages: list[tuple[float, float]] = field(default_factory=list)
    seed: int = 1
    asked: int = 0
    answered: int = 0
    times: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._begins = [begin for begin, _ in self.outages]  # one after the other

    def down(self, now: float) -> bool:
        """Whether it is down at that moment."""
        place = bisect_right(self._begins, now)
        return place > 0 and now < self.outages[place - 1][1]

    def answer(self, now: float) -> tuple[float, Reply | JackfieldError]:
        """When the answer is there, and what it is."""
        self.asked += 1
        self.times.append(now)
        if self.down(now):
            refused = ErrorInfo("transport.connect", "connection refused", sent="no")
            return now + 0.02, BAD if self._random.random() < 0.5 else Unavailable(refused)
        if self._random.random() < self.flaky:
            return now + 0.1, BAD
        self.answered += 1
        return now + self.seconds, GOOD


def outages(availability: float, length: float, mean: float, seed: int) -> list[tuple[float, float]]:
    """Independent outages of an exponential length about ``mean``, so many that the availability comes out."""
    chance, moment, found = random.Random(seed), 0.0, []
    up = mean * availability / (1 - availability)
    while moment < length:
        moment += chance.expovariate(1 / up)
        lasts = chance.expovariate(1 / mean)
        found.append((moment, moment + lasts))
        moment += lasts
    return found


def by_host(**providers: Modelled):
    """Answers calls by the first word of the host they go to."""

    def answer(call: Call, now: float) -> tuple[float, Reply | JackfieldError]:
        name = call.base.partition("//")[2].partition(".")[0]
        return providers[name].answer(now)

    return answer
