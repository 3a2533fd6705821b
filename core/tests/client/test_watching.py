"""What observers are told of content: nothing, unless one asks for it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from jackfield import Message, Text
from jackfield.client.observing import _ages, _packages
from jackfield.telemetry import Fence
from jackfield.telemetry.events import CallFinished, CallStarted

CANARY = "canary-in-a-prompt"


class Seen:
    """An observer that keeps what it is told."""

    def __init__(self, captures: bool) -> None:
        self.captures = captures
        self.events: list[Any] = []

    def observe(self, event: Any) -> None:
        """Keep it."""
        self.events.append(event)

    def first(self, kind: type) -> Any:
        """The first event of a kind."""
        return next(event for event in self.events if type(event) is kind)


@pytest.fixture(params=["complete", "stream"])
def told(request: pytest.FixtureRequest, client: Any, acme: Any) -> Any:
    """What an observer is told of one call, whole or as a stream."""

    def run(captures: bool) -> Seen:
        whole = request.param == "complete"
        caller = client(acme.reply("pong") if whole else acme.streamed("po", "ng"))
        seen = Seen(captures)
        caller.services.fence = Fence([seen])
        caller.services.watch()
        if whole:
            caller.complete("acme/large-1", CANARY, system="Be brief.")
        else:
            list(caller.stream("acme/large-1", CANARY, system="Be brief."))
        return seen

    return run


def test_who_asks_for_content_is_told_it(told: Any) -> None:
    """The turns with the call, the answer with its end."""
    seen = told(captures=True)

    assert (Message("system", "Be brief."), Message("user", CANARY)) == seen.first(CallStarted).messages
    assert "pong" == "".join(part.text for part in seen.first(CallFinished).parts)


def test_nobody_else_is(told: Any) -> None:
    """Neither prompt nor answer is in any event."""
    seen = told(captures=False)

    assert ((), ()) == (seen.first(CallStarted).messages, seen.first(CallFinished).parts)
    assert CANARY not in repr([vars(event) for event in seen.events])


def test_who_does_not_ask_is_told_nothing_beside_who_does() -> None:
    """Each observer is told as much as it asked for, whoever else is there."""
    asks, does_not = Seen(captures=True), Seen(captures=False)
    fence = Fence([does_not, asks])

    fence.tell(CallStarted("c", "acme/large-1", messages=(Message("user", CANARY),)))
    fence.tell(CallFinished("c", "acme/large-1", 1.0, parts=(Text(CANARY),)))

    assert CANARY not in repr([vars(event) for event in does_not.events])
    assert (CANARY, CANARY) == (asks.events[0].messages[0].parts[0].text, asks.events[1].parts[0].text)


def test_it_is_told_which_packages_are_at_work(registry: Any) -> None:
    """Each with the level it claims, and the age of its prices if it states any."""
    acme = {"dist": "in this process", "version": "", "spec": "1", "level": "bronze"}

    assert ([(1, acme)], []) == (list(_packages(registry)), list(_ages(registry)))


def test_the_age_of_prices_is_that_of_the_oldest(registry: Any, tmp_path: Path) -> None:
    """In seconds since the day they were looked at."""
    rate = '[[model.rate]]\nvalid_from = 2026-01-01\nper_1M_tokens = { input = "1" }\nsource = "x"\n'
    models = [f'[[model]]\nid = "{day}"\n{rate}checked = {day}\n' for day in ("2026-02-01", "2026-01-01")]
    (tmp_path / "models.toml").write_text("\n".join(models))

    ((age, labels),) = _ages(registry)

    assert {"provider": "acme"} == labels
    assert dt.date(2026, 1, 1) == (dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age)).date()
