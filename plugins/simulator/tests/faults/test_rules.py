"""Which request goes wrong: by key, by match, by chance, by script, by header."""

from __future__ import annotations

import pytest
from jackfield_simulator.bill import Line
from jackfield_simulator.exchange import Exchange
from jackfield_simulator.faults import FAULTS, Faults

from jackfield import BadConfig, InvalidRequest
from jackfield.wire import Call, Dialect, Headers, Reply, wire_named

WIRE = wire_named("messages")(Dialect())


def exchange(key="", provider="anthropic", **headers):
    """A whole answer that a fault may befall."""
    named = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    call = Call("POST", ("v1", "messages"), b"", named)
    return Exchange(
        call, key, Reply(200), Line(1, key, "POST", "/v1/messages"), provider, "complete", "m", WIRE
    )


def befalls(faults, count=1, **facts):
    """What befalls so many requests, by name."""
    found = [faults.for_exchange(exchange(**facts)) for _ in range(count)]
    return [fault.name if fault else "ok" for fault in found]


def test_a_fault_befalls_every_request_until_it_is_cleared() -> None:
    """Without limits."""
    faults = Faults()
    faults.add("failed")

    before = befalls(faults, 3)
    faults.clear()

    assert (["failed"] * 3, ["ok"]) == (before, befalls(faults))


def test_a_fault_may_befall_so_many_requests() -> None:
    """And then no more."""
    faults = Faults()
    faults.add("failed", times=2)

    assert ["failed", "failed", "ok"] == befalls(faults, 3)


def test_a_script_is_performed_in_its_order() -> None:
    """``ok`` lets one pass; after the end all pass."""
    faults = Faults()
    faults.script(["failed", "ok", "throttled"])

    assert ["failed", "ok", "throttled", "ok", "ok"] == befalls(faults, 5)


def test_a_fault_waits_for_a_request_it_fits() -> None:
    """One that breaks streams lets whole answers pass."""
    faults = Faults()
    faults.script(["cut-after-content", "failed"])

    assert ["ok", "ok"] == befalls(faults, 2)


def test_keys_and_matches_choose() -> None:
    """By who asks, and by what is asked of whom."""
    faults = Faults()
    faults.add("failed", key="sk-unlucky")
    faults.add("throttled", match="cohere")

    assert ["failed"] == befalls(faults, key="sk-unlucky")
    assert ["throttled"] == befalls(faults, provider="cohere")
    assert ["ok"] == befalls(faults)


def test_chance_is_the_same_for_the_same_seed() -> None:
    """So that a test that failed fails again."""
    drawn = []
    for _ in range(2):
        faults = Faults(seed=7)
        faults.add("failed", probability=0.3)
        drawn.append(befalls(faults, 200))

    assert drawn[0] == drawn[1]
    assert 40 < drawn[0].count("failed") < 80


def test_a_request_may_ask_for_a_fault() -> None:
    """In a header, which wins over the rules."""
    faults = Faults()
    faults.add("failed")

    assert ["bad-gateway"] == befalls(faults, x_jackfield_fault="bad-gateway")
    assert ["ok"] == befalls(faults, x_jackfield_fault="ok")


def test_a_request_that_asks_for_what_cannot_be_is_told() -> None:
    """Nothing is ignored."""
    with pytest.raises(InvalidRequest, match="cannot befall"):
        befalls(Faults(), x_jackfield_fault="error-first")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda faults: faults.add("throtled"), "no fault"),
        (lambda faults: faults.script(["ok", "nonsense"]), "no fault"),
        (lambda faults: faults.add("refuse"), "before there is a connection"),
        (lambda faults: faults.add("failed", probability=2), "from 0 to 1"),
        (lambda faults: faults.add("deaf", key="sk-1"), "befalls all"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_said(ask, words) -> None:
    """With what to do instead."""
    with pytest.raises(BadConfig, match=words):
        ask(Faults())


def test_a_scenario_states_rules_in_tables() -> None:
    """As in its TOML."""
    faults = Faults()
    faults.configure(
        [{"fault": "failed", "key": "a", "times": 1}, {"script": ["throttled", "ok"], "key": "b"}]
    )

    assert (["failed", "ok"], ["throttled", "ok"]) == (
        befalls(faults, 2, key="a"),
        befalls(faults, 2, key="b"),
    )


def test_every_fault_says_what_it_does() -> None:
    """In one line, for people."""
    assert all(fault.says and len(fault.says) < 80 for fault in FAULTS.values())
    assert list(FAULTS) == Faults().names


def test_what_says_something_else_leaves_other_operations_alone() -> None:
    """A completion is no answer to who asks for vectors."""
    faults = Faults()
    faults.add("utf8-invalid")
    other = exchange()
    other.operation = "embed"

    assert (None, ["utf8-invalid"]) == (faults.for_exchange(other), befalls(faults))
