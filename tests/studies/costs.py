"""What routes save against one strong model, on a mixed workload that can be replayed.

    hatch run python tests/studies/costs.py           run it and print the table
    hatch run python tests/studies/costs.py --write   and put it into docs/routing.md

400 requests of ten kinds: labelled prompts in a fixed, shuffled order; tasks about a text come with one; lengths of
texts and answers are drawn about what each kind typically takes, from the same seed. The simulator answers. All else
is the product's: tasks are detected, routes decide, prices are the bundled ones, as of a fixed day. Two things are
stated by hand, as an owner would: how good each model is, and how fast. No clock is read: an answer takes as long as its
tokens do at the stated speed.
"""

from __future__ import annotations

import os
import random
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic

from jackfield_simulator import Simulator

from jackfield import Client
from jackfield.policy.route.tasks import HIGH_QUALITY, TYPICAL_TOKENS
from jackfield.transport import SyncDriver, default_transport
from jackfield.wire import Call, Reply

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "routing.md"
BEGIN, END = "<!-- cost study: begin -->\n", "<!-- cost study: end -->"
REQUESTS, SEED = 400, 20261121
PRICED = datetime(2026, 11, 21, tzinfo=UTC)
WORDS = "rain harbour ledger window copper meadow signal winter bridge paper engine lantern".split()  # noqa: SIM905
ANSWERS = (0.4, 1.5, 0.8)  # the length of an answer by what is typical: at least, at most, mostly


@dataclass(frozen=True)
class Stated:
    """What an owner says of a model."""

    quality: float  # from 0 to 1
    speed: float  # tokens a second


STRONG = "anthropic/claude-sonnet-4-6"
MODELS = {
    STRONG: Stated(0.95, 60),
    "mistral/mistral-medium-2604": Stated(0.88, 80),
    "openai/gpt-5.4-mini": Stated(0.85, 120),
    "gemini/gemini-2.5-flash": Stated(0.80, 180),
    "mistral/mistral-small-2603": Stated(0.72, 150),
}
_, MIDDLE, FAIR, QUICK, SMALL = MODELS
TARGETS = [{"model": model, "quality": stated.quality} for model, stated in MODELS.items()]

ROUTES = {
    "strong": {"strategy": "fallback", "targets": [STRONG]},
    "cost": {"strategy": "cost", "targets": TARGETS},
    "task": {
        "strategy": "task",
        "targets": [FAIR, STRONG, MIDDLE, QUICK, SMALL],
        "tasks": {
            **{task: [STRONG] for task in sorted(HIGH_QUALITY)},
            "CodeGeneration": [MIDDLE],
            "Translation": [QUICK],
            **{task: [SMALL] for task in ("Validation", "Classification", "Summarization")},
        },
    },
    "balanced": {"strategy": "balanced", "targets": TARGETS},
}
# Tasks that are about a text, and how many words it may have.
ABOUT = {
    "Summarization": (300, 2500),
    "Analysis": (200, 2000),
    "Translation": (100, 800),
    "Validation": (50, 400),
    "Classification": (30, 300),
}


@dataclass(frozen=True)
class Asked:
    """One request: the task a person says it is, the prompt, and how long its answer is."""

    task: str
    prompt: str
    tokens: int

    @property
    def demanding(self) -> bool:
        """Whether it is of a task that asks for a good model."""
        return self.task in HIGH_QUALITY


@dataclass
class Figures:
    """What one way of choosing came to."""

    usd: Decimal = Decimal(0)
    models: Counter[str] = field(default_factory=Counter)
    quality: float = 0.0  # stated, summed up
    weak: int = 0  # requests of a demanding task that a lesser model answered


class Stopwatch:
    """A transport that keeps answers, and a clock that goes on by what an answer would have taken."""

    def __init__(self) -> None:
        self.now = 0.0
        self.tokens = 0
        self._inner = default_transport()
        self._kept: dict[tuple[str, bytes], Reply] = {}

    def send(self, call: Call, timeouts: object, deadline: float) -> Reply:
        """The simulator's answer; it answers the same to the same request, so nothing is asked twice."""
        key = call.url, call.body
        if key not in self._kept:
            self._kept[key] = self._inner.send(call, timeouts, monotonic() + 60)
        named = call.url + call.body[:200].decode("utf-8", "replace")
        model = next(model for model in MODELS if model.partition("/")[2] in named)
        self.now += self.tokens / MODELS[model].speed
        return self._kept[key]

    def close(self) -> None:
        """Close what was opened."""
        self._inner.close()


def workload() -> list[Asked]:
    """The requests."""
    labelled = tomllib.loads((ROOT / "tests" / "tasks" / "labelled.toml").read_text(encoding="utf-8"))
    draw = random.Random(SEED)  # replayable, not secret
    known = [(task, prompt) for task in TYPICAL_TOKENS for prompt in labelled[task]]
    return [_asked(*draw.choice(known), draw) for _ in range(REQUESTS)]


def _asked(task: str, prompt: str, draw: random.Random) -> Asked:
    if task in ABOUT:
        prompt = f"{prompt}\n\n{' '.join(draw.choices(WORDS, k=draw.randint(*ABOUT[task])))}"
    return Asked(task, prompt, int(TYPICAL_TOKENS[task] * draw.triangular(*ANSWERS)))


def run() -> Mapping[str, Figures]:
    """Every request, once by each route; each route measures for itself, as if it were alone."""
    watch, asked = Stopwatch(), workload()
    with Simulator({"answer": "prose", "seed": 7}) as simulator:
        os.environ.update(simulator.environment())
        found = {name: _by_route(name, watch, asked) for name in ROUTES}
    watch.close()
    return found


def _by_route(name: str, watch: Stopwatch, asked: list[Asked]) -> Figures:
    figures = Figures()
    client = Client({"routes": ROUTES}, transport=watch)
    client._driver = SyncDriver(watch, clock=lambda: watch.now)
    for one in asked:
        watch.tokens = one.tokens
        answer = client.complete(f"route:{name}", one.prompt, max_tokens=one.tokens, timeout=3600)
        model = f"{answer.provider}/{answer.model}"
        charge = client.bind(model).prices.charge(answer.usage, PRICED)
        assert charge is not None, f"the price of {model} is not known"
        figures.usd += charge
        figures.models[model] += 1
        figures.quality += MODELS[model].quality
        figures.weak += one.demanding and model != STRONG
    return figures


def table(found: Mapping[str, Figures]) -> str:
    """What was stated and what came of it, as tables of the documentation."""
    whole = found["strong"].usd
    lines = [
        "| model | quality, stated by hand | tokens a second, stated by hand |",
        "|---|---|---|",
        *(f"| `{model}` | {stated.quality:.2f} | {stated.speed:g} |" for model, stated in MODELS.items()),
        "",
        "| route | charged, USD | saved | requests by model | mean of the stated quality | demanding requests that a lesser model answered |",
        "|---|---|---|---|---|---|",
    ]
    for name, figures in found.items():
        shares = ", ".join(str(figures.models[model]) for model in MODELS)
        saved = f"{(1 - figures.usd / whole) * 100:.0f} %"
        mean = f"{figures.quality / REQUESTS:.2f}"
        lines.append(f"| `{name}` | {figures.usd:.4f} | {saved} | {shares} | {mean} | {figures.weak} |")
    return "\n".join(lines) + "\n"


def written(page: str, rows: str) -> str:
    """The page with the table in its place."""
    before, _, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{BEGIN}{rows}{end}{after}"


def main() -> int:
    """Run, print, and write where that is asked for."""
    rows = table(run())
    sys.stdout.write(rows)
    if "--write" in sys.argv:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
