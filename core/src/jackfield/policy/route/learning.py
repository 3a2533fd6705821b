"""What `adaptive` remembers: how targets did with requests of each kind, forgotten after a week."""

from __future__ import annotations

import threading

KEEP, NEW = 0.9, 0.1
SIMILAR = 0.7
SECONDS = 7 * 86400.0
MOST = 256  # patterns

Pattern = tuple[str, str, str, int, bool]


def similarity(one: Pattern, other: Pattern) -> float:
    """The share of features that two patterns have in common."""
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(one)


class Memory:
    """Scores by pattern and target."""

    __slots__ = ("_lock", "_scores")

    def __init__(self) -> None:
        self._scores: dict[Pattern, dict[str, tuple[float, float]]] = {}  # with the time of the last one
        self._lock = threading.Lock()

    def learn(self, pattern: Pattern, model: str, reward: float, now: float) -> None:
        """Nine tenths of the score are what was known, one tenth is new."""
        with self._lock:
            scores = self._scores.pop(pattern, {})
            if len(self._scores) >= MOST:
                del self._scores[next(iter(self._scores))]
            self._scores[pattern] = scores  # the pattern that was longest not seen is forgotten first
            known, at = scores.get(model, (reward, now))
            fresh = reward if now - at > SECONDS else KEEP * known + NEW * reward
            scores[model] = fresh, now

    def recall(self, pattern: Pattern, now: float) -> dict[str, float]:
        """What each target is worth for requests like this: the mean of similar patterns, by similarity."""
        sums: dict[str, tuple[float, float]] = {}
        with self._lock:
            alike = [
                (weight, dict(scores))
                for known, scores in self._scores.items()
                if (weight := similarity(pattern, known)) > SIMILAR
            ]
        for weight, scores in alike:
            for model, (score, at) in scores.items():
                if now - at <= SECONDS:
                    total, weights = sums.get(model, (0.0, 0.0))
                    sums[model] = total + weight * score, weights + weight
        return {model: total / weights for model, (total, weights) in sums.items()}
