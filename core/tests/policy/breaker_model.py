"""What a breaker is to do, said a second time: plain lists, nothing kept that can be counted anew."""

from __future__ import annotations

from jackfield.types.resilience import BreakerRules

BUCKETS = 10


class Model:
    """A breaker without chance: its open times are never shortened."""

    def __init__(self, rules: BreakerRules, leaves: int = 1) -> None:
        self.rules = rules
        self.leaves = leaves
        self.state = "closed"
        self.since = float("-inf")
        self.generation = 0
        self.step = 0
        self.until = float("-inf")
        self.events: list[tuple[int, str, bool]] = []  # bucket, call or start, bad
        self.run: list[bool] = []  # hard failures and successes of this generation, in order
        self.sources: dict[str, float] = {}
        self.leases: dict[int, float] = {}  # probe -> when it expires
        self.good_starts: set[int] = set()
        self.successes = 0
        self.totals = [0, 0]

    def bucket(self, now: float) -> int:
        return int(now // (self.rules.window / BUCKETS))

    def count(self, now: float, what: str) -> tuple[int, int]:
        recent = [
            bad for bucket, kind, bad in self.events if kind == what and bucket > self.bucket(now) - BUCKETS
        ]
        return len(recent), sum(recent)

    def admit(self, now: float, ticket: int, lease: float) -> str:
        """``free``, ``probe`` or ``refused``."""
        if self.state == "open":
            if now < self.until:
                return "refused"
            self.enter("half_open", now)
        if self.state == "half_open" and self.proven(now):
            self.enter("closed", now)
        if self.state == "closed":
            return "free"
        self.leases = {probe: end for probe, end in self.leases.items() if end > now}
        if len(self.leases) >= self.rules.probes:
            return "refused"
        self.leases[ticket] = now + lease
        return "probe"

    def proven(self, now: float) -> bool:
        return self.successes >= self.rules.successes and now - self.since >= self.rules.min_state

    def start(self, now: float, ticket: int, generation: int, slow: bool) -> None:
        if generation != self.generation:
            return
        if self.state == "closed":
            self.events.append((self.bucket(now), "start", slow))
            self.judge(now)
        elif ticket in self.leases:
            del self.leases[ticket]
            if not slow:
                self.good_starts.add(ticket)
            self.probed(now, failed=slow)

    def settle(self, now: float, ticket: int, generation: int, outcome: str, source: str = "") -> None:
        failed = outcome in {"failure", "hard", "stalled"}
        if outcome != "ignored":
            self.totals[0] += 1
            self.totals[1] += failed
        if generation != self.generation:
            return
        if self.state == "closed":
            self.note(now, outcome, source, failed)
        elif ticket in self.leases or (ticket in self.good_starts and outcome != "ok"):
            self.leases.pop(ticket, None)
            self.good_starts.discard(ticket)
            if outcome != "ignored":
                self.probed(now, failed=outcome != "ok")

    def note(self, now: float, outcome: str, source: str, failed: bool) -> None:
        if outcome == "ignored":
            return
        if outcome in {"slow", "stalled"}:
            self.events.append((self.bucket(now), "start", True))
        if outcome != "slow":
            self.events.append((self.bucket(now), "call", failed))
        if outcome in {"hard", "stalled"}:
            self.run.append(True)
            self.sources[source] = now
        if outcome == "ok":
            self.run.clear()
        self.judge(now)

    def judge(self, now: float) -> None:
        calls, failures = self.count(now, "call")
        starts, slow = self.count(now, "start")
        enough = self.rules.min_calls
        bad = (
            len(self.run) >= self.rules.failures
            or (calls >= enough and failures >= self.rules.failure_rate * calls)
            or (starts >= enough and slow >= self.rules.slow_rate * starts)
        )
        near = sum(now - at < self.rules.window for at in self.sources.values())
        if bad and now - self.since >= self.rules.min_state and (self.leaves < 2 or near >= self.leaves):
            self.enter("open", now)

    def probed(self, now: float, failed: bool) -> None:
        if failed:
            self.enter("open", now)
            return
        self.successes += 1
        if self.proven(now):
            self.enter("closed", now)

    def enter(self, state: str, now: float) -> None:
        if state == "open":
            if self.state == "closed" and self.since > float("-inf"):
                self.step = max(0, self.step - int((now - self.since) / self.rules.window))
            elif self.state == "closed":
                self.step = 0
            self.until = now + min(self.rules.open_max, self.rules.open_time * 2**self.step)
            self.step += 1
        self.state, self.since = state, now
        self.generation += 1
        self.events, self.run, self.leases, self.successes = [], [], {}, 0
        self.good_starts = set()
