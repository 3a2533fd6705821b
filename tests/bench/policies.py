"""What the default policies cost a call that succeeds: breaker, gate of the key, retry budget, clocks.

The same call with them and without: what is left then is one attempt, signed, sent and parsed. The budget is in
microseconds on the machine where decoding the reference answer took 5.4, so the figure is a multiple of that,
measured in turns.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import samples
import wires

DEFAULT = 15.0  # µs on the machine of ``wires.UNIT``
PROMPT = "Name three rivers."


class Nobody:
    """Leave from nobody: nothing is asked before an attempt, and nothing told after it."""

    def settle(self, now: float, error: object = None, resign: bool = False) -> None:
        """Keep nothing."""

    def release(self, now: float) -> None:
        """Keep nothing."""


def added(rounds: int) -> tuple[float, float]:
    """What the policies add, by the reference and in microseconds."""
    with_them, without = _calls()
    assert with_them().text == without().text
    for work in (with_them, without):
        wires.timed(work, 200)
    found = []
    for _ in range(rounds):
        spent = wires.timed(with_them, 50) - wires.timed(without, 50)
        found.append((spent / wires.timed(wires.reference, 50), spent))
    return median(ratio for ratio, _ in found), median(spent for _, spent in found)


def _calls() -> tuple[Callable[[], object], Callable[[], object]]:
    from jackfield import Client
    from jackfield.client.attempts import TOTAL, Run
    from jackfield.client.call import _completion, completing
    from jackfield.client.plan import plan_completion
    from jackfield.flow import NOW

    sample = samples.sample("chat_completions")
    client = Client(sample.configured("http://null.example"), transport=wires.Null(sample))
    binding, nobody = client.bind(sample.model), Nobody()

    def bare(plan):
        call = binding.wire.render_completion(plan.request, stream=False)
        now = yield NOW
        run = Run(1, (now, now + TOTAL), binding.keys[0], nobody)
        return (yield from _completion(binding, plan, call, run))

    def planned():
        return plan_completion(binding, PROMPT, {}, stream=False)

    return (
        lambda: client.driver.run(completing(binding, planned())),
        lambda: client.driver.run(bare(planned())),
    )
