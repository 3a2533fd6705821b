"""Worlds made by chance: odd providers, odd settings, callers that leave; the books are even in the end."""

from __future__ import annotations

import json
import random

import pytest
from modelled import by_host
from virtual import client_of
from world import World

from jackfield import Hedge, JackfieldError
from jackfield.errors import ErrorInfo, Unavailable
from jackfield.wire.call import Headers, Reply

KINDS = ("groq", "deepseek", "together")
MOODS = (
    "good",
    "weak",
    "cut",
    "late",
    "reset",
    "page",
    "half",
    "400",
    "401",
    "402",
    "404",
    "429",
    "500",
    "529",
)
STRATEGIES = ("fallback", "cascade", "cost", "latency", "balanced", "round-robin", "least-busy", "weighted")
CHECKS = ({"min_characters": 10}, {"matches": "good"}, {"json": True}, {"excludes": ["late"]})
JSON = Headers({"content-type": "application/json"})
SAID = {"good": "a good and long answer", "weak": "no", "cut": "a good and", "late": "a good answer, late"}


def body(mood):
    """An answer of that mood."""
    finish = "length" if mood == "cut" else "stop"
    message = {"role": "assistant", "content": SAID[mood]}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    told = {"id": "c", "object": "chat.completion", "model": "m", "choices": choices, "usage": usage}
    return json.dumps(told).encode()


class Moody:
    """A provider of one mood, or of another one every time."""

    def __init__(self, chance):
        self.chance = chance
        self.moods = chance.choice([MOODS, [chance.choice(MOODS)], ["good"]])

    def answer(self, now):
        """When the answer is there, and what it is."""
        mood = self.chance.choice(self.moods)
        moment = now + self.chance.uniform(0.01, 300 if mood == "late" else 2)
        if mood == "reset":
            return moment, Unavailable(ErrorInfo("transport.reset", "gone"))
        if mood == "page":
            return moment, Reply(200, Headers({"content-type": "text/html"}), b"<html>")
        if mood == "half":
            return moment, Reply(200, JSON, body("good")[:40])
        if mood in SAID:
            return moment, Reply(200, JSON, body(mood))
        after = self.chance.choice(["", "5", "500"])
        headers = {"content-type": "application/json", **({"retry-after": after} if after else {})}
        return moment, Reply(int(mood), Headers(headers), b'{"error": {"message": "no"}}')


def route_of(chance, count):
    """A route of any kind."""
    attempts = chance.randint(1, 5)
    targets = [
        {"model": f"{kind}/m", "cost": 0.001 * chance.randint(1, 9), "priority": chance.randint(-1, 1)}
        for kind in KINDS[:count]
    ]
    route = {"strategy": chance.choice(STRATEGIES), "targets": targets, "max_attempts": attempts}
    route["primary_attempts"] = chance.randint(1, attempts)
    if count > 1 and (route["strategy"] == "cascade" or chance.random() < 0.3):
        route["check"] = chance.choice(CHECKS)
    elif route["strategy"] == "cascade":
        route["strategy"] = "cost"
    if chance.random() < 0.3:
        route["max_latency_ms"] = chance.randint(100, 30000)
    return route


def settings_of(chance):
    """Budgets, limits, a cache, observers, several keys: any of them, or none."""
    limit = chance.choice(["0.00001 USD", "0.01 USD / hour", "1 USD / request", "100 USD / day"])
    budget = {
        "limit": limit,
        "unknown_price": "allow",
        "on_exceeded": chance.choice(["refuse", "warn", "route:s", "route:r"]),
        "scope": chance.choice(["global", "user", "provider", "route"]),
    }
    rules = {"concurrent": chance.randint(1, 3), "on_limit": chance.choice(["wait", "refuse"])}
    pacing = chance.choice(["off", "learn", "published"])
    found = {
        "budgets": {"a": budget},
        "limits": {"l": rules, "pacing": pacing},
        "cache": {"enabled": True, "single_flight": chance.random() < 0.5},
        "telemetry": {"observers": ["log"]},
        "providers": {"groq": {"api_key": ["key-one-long", "key-two-long"]}},
    }
    return {name: table for name, table in found.items() if chance.random() < 0.6}


def options_of(chance):
    """What a call may say."""
    found = {
        "hedge": Hedge(after=chance.uniform(0.01, 3), budget=1.0),
        "max_tokens": chance.choice([1, 100, 100_000]),
        "timeout": chance.uniform(0.01, 30),
        "max_retries": chance.randint(0, 9),
        "tags": {"user": chance.choice("ab")},
        "size": chance.choice(["short", 5]),
        "max_cost": chance.choice([1e-9, 0.001, 1]),
    }
    return {name: value for name, value in found.items() if chance.random() < 0.25}


def calls(world, client, chance):
    """Some calls at any time, of which some callers leave."""
    going = []
    for _ in range(chance.randint(1, 12)):
        model = chance.choice(["route:r", "route:r", "route:s", "groq/m"])
        try:
            flow = client.flow(
                model, chance.choice(["hi", "write a function"]), options_of(chance), stream=False
            )
        except JackfieldError:
            continue
        going.append(world.start(flow, at=chance.uniform(0, 20)))
        if chance.random() < 0.25:
            world.at(chance.uniform(0, 25), lambda left=going[-1]: world._abandon(left))
    world.run()
    return going


@pytest.mark.parametrize("seed", range(25))
def test_the_books_are_even_in_the_end(seed):
    """Every call ends; nothing is held, inside or under way any more."""
    chance = random.Random(seed)
    names = ("first", "second", "third")[: chance.randint(1, 3)]
    world = World(by_host(**{name: Moody(chance) for name in names}), seed)
    other = {"s": {"targets": ["groq/other"]}}
    client = client_of(world, *names, route=route_of(chance, len(names)), routes=other, **settings_of(chance))

    ended = [call.ended for call in calls(world, client, chance)]

    services = client.services
    budgets = services.budgets._local._budgets.values() if services.budgets else ()
    limiters = services.limits._local._limiters.values() if services.limits else ()
    meters = client.routes.measures._meters.kept().values()
    assert None not in ended
    assert not any(budget.held for budget in budgets)
    assert not any(getattr(limiter, "_inside", 0) for limiter in limiters)
    assert not any(meter.in_flight for meter in meters)
