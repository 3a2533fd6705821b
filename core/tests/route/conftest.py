"""Makes routers of a few words, with everything fixed: time, chance and what is known of the targets."""

from __future__ import annotations

from random import Random

import attrs
import pytest

from jackfield.policy.route import Detector, Facts, Known, Measures, Router, Shared
from jackfield.types.routes import NO_HINTS, USUAL, Hints, Route, Target

DETECTOR = Detector()
TARGET = {each.name for each in attrs.fields(Target)}


def made(model, usd=None, **facts):
    """A target that costs ``usd`` per token, or whose price nobody knows."""
    stated = {name: facts.pop(name) for name in list(facts) if name in TARGET}
    fallback = facts.pop("fallback", False)
    target = Target(model, **stated)
    price = (lambda i, o: None) if usd is None else (lambda i, o: (i + o) * usd)
    facts.setdefault("quality", target.quality)
    return Known(target, model, model.partition("/")[0], price=price, fallback=fallback, **facts)


class Bench:
    """A router, its measures, and a clock that stands still until it is moved."""

    def __init__(self, targets, strategy="cost", settings=USUAL, ranker=None, **route):
        primary = tuple(each.target for each in targets if not each.fallback)
        fallback = tuple(each.target for each in targets if each.fallback)
        self.route = Route("r", primary, strategy, fallback, **route)
        self.measures = Measures()
        self.router = Router(self.route, targets, Shared(self.measures, DETECTOR, settings), ranker)
        self.now = 0.0
        self.rng = Random(7)

    def order(self, prompt="", hints=NO_HINTS, **facts):
        """The decision for a request."""
        facts.setdefault("tokens", 100)
        return self.router.order(Facts(prompt, hints=hints, **facts), self.now, self.rng)

    def models(self, prompt="", hints=NO_HINTS, **facts):
        """The names of the targets in order."""
        return [each.model for each in self.order(prompt, hints, **facts).candidates]

    def dropped(self, prompt="", hints=NO_HINTS, **facts):
        """Why which target was dropped."""
        return {each.model: each.reason for each in self.order(prompt, hints, **facts).dropped}


@pytest.fixture
def bench():
    """The maker of benches."""
    return Bench


@pytest.fixture
def hints():
    """The maker of hints."""
    return Hints


@pytest.fixture
def known():
    """The maker of targets."""
    return made


@pytest.fixture
def three():
    """Three targets that differ in price alone."""
    return [made("a/one", 3e-6), made("b/two", 1e-6), made("c/three", 2e-6)]
