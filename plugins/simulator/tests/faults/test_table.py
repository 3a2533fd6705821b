"""Every fault over every wire, sync and async, whole and streamed: what our client makes of it, counted at the socket."""

from __future__ import annotations

import logging
import pickle
import re
import traceback
from pathlib import Path

import pytest
from fault_policies import policies
from fault_tables import CUT, OTHERS, TABLE
from jackfield_simulator.faults import FAULTS
from jackfield_simulator.records import ALL, FRAMES, NDJSON, SSE, WHOLE

WIRES = (
    "chat_completions",
    "responses",
    "messages",
    "generate_content",
    "converse",
    "invoke",
    "cohere",
    "ollama",
)
MODES = ("sync", "sync stream", "async", "async stream")
FORMS = {"converse": FRAMES, "invoke": FRAMES, "ollama": NDJSON}
KEY = "sk-simulated-not-a-real-key"
TEXT = "Aare, Limmat, Reuss, Rhone, Ticino, Inn."

# Where a wire says less, or another thing, than the others: (fault, wire) -> streams.
OWN: dict[tuple[str, str], str] = {
    ("done-missing", "chat_completions"): CUT,  # the profile says that its streams always end with the mark
    ("error-first", "cohere"): "server 3",  # its streams tell of failures in words alone, without a code
    ("error-first", "ollama"): "server 3",
    ("error-later", "cohere"): "interrupted: server 1",
    ("error-later", "ollama"): "interrupted: server 1",
    ("length-too-long", "generate_content"): CUT,  # it has no end mark but the end
    ("utf8-invalid", "converse"): "interrupted: protocol.body 1",  # a frame whose JSON is none is damaged
    ("gzip-cut", "converse"): "interrupted: protocol.body 1",  # frames came out of it before the cut
}

# What the catalogue wants and our client does not do, or not over every transport: (fault, mode) -> what it does.
SHORT: dict[tuple[str, str], str] = {
    ("length-too-short", "async"): "protocol 1",  # this library refuses an answer that more bytes follow
    ("chunk-size", "async"): "protocol 1",  # it does not tell what came first from what came later
    ("chunk-size", "async stream"): "protocol 1",
}

# One wire of each framing is enough where a cell takes tenths of a second, and no wire has a say.
HEAVY = {"gzip-bomb": ("chat_completions", "converse", "ollama"), "line-huge": ("chat_completions", "ollama")}


def cells(name):
    """The wires and modes in which a fault can befall a call."""
    fault = FAULTS[name]
    for wire in HEAVY.get(name, WIRES):
        for mode in MODES:
            form = FORMS.get(wire, SSE) if mode.endswith("stream") else WHOLE
            if form in fault.forms and (not fault.wires or wire in fault.wires):
                yield wire, mode


def wanted(name, wire, mode):
    """What is to come of a cell."""
    whole, stream = TABLE[name]
    usual = OWN.get((name, wire), stream or whole) if mode.endswith("stream") else whole
    return SHORT.get((name, mode), usual)


def shown(error):
    """Everything a failure shows, local variables and pickle included."""
    told = traceback.TracebackException(type(error), error, error.__traceback__, capture_locals=True)
    parts = (str(error), repr(error), repr(vars(error)), repr(error.attempts), repr(pickle.dumps(error)))
    return "".join((*told.format(), *parts))


@pytest.mark.parametrize("name", TABLE)
def test_our_client_does_what_the_table_says(name, served, asking, caplog) -> None:
    """Whatever befalls every request of a call: one kind of failure, so many requests, and the key is seen nowhere."""
    caplog.set_level(logging.DEBUG)
    served.faults.add(name)

    outcomes = {(wire, mode): asking(wire)(mode) for wire, mode in cells(name)}

    found = {cell: str(outcome) for cell, outcome in outcomes.items()}
    assert found
    assert KEY not in "".join(shown(outcome.error) for outcome in outcomes.values() if outcome.error)
    assert KEY not in caplog.text
    assert {} == {cell: what for cell, what in found.items() if what not in wanted(name, *cell).split("|")}


@pytest.mark.parametrize("name", [name for name in TABLE if FAULTS[name].moment == "answer"])
def test_what_goes_wrong_once_is_got_over(name, served, asking) -> None:
    """Where another attempt is allowed it is made, and its answer is whole; elsewhere there is none."""
    expected, found = {}, {}
    for wire, mode in cells(name):
        served.faults.clear()
        served.faults.script([name, "ok"])
        always = wanted(name, wire, mode).split("|")
        again = {"ok 2" if what[-1] in "23" else what for what in always}
        expected[wire, mode] = again
        found[wire, mode] = asking(wire)(mode)

    assert found
    assert {} == {cell: str(found[cell]) for cell, wish in expected.items() if str(found[cell]) not in wish}
    assert {TEXT} >= {one.text for one in found.values() if str(one) == "ok 2"}


def test_every_fault_is_tried() -> None:
    """None of them is forgotten: what is not in the table has a test of its own."""
    assert set(FAULTS) == TABLE.keys() | OTHERS.keys()
    # a token that runs out once is a 401 that does not come again; ledgers are no provider's
    assert {fault.number for fault in FAULTS.values()} == set(range(1, 48)) - {42}
    assert all(fault.forms <= ALL for fault in FAULTS.values())


def said(outcome):
    """An outcome as the documentation has it."""
    kinds = [one.rpartition(" ") for one in outcome.split("|") if one]
    return " or ".join(f"{f'`{kind}`' if kind != 'ok' else kind}, {count}" for kind, _, count in kinds) or "–"


def rows():
    """The table of the documentation."""
    for name, fault in FAULTS.items():
        whole, stream = (TABLE | OTHERS)[name]
        done = f"{said(whole)} | {said(stream or whole)}".replace("`interrupted: ", "interrupted: `")
        acting = ", ".join(policies(whole, stream or whole, fault.moment, goes_on=fault.forms != {FRAMES}))
        yield f"| {fault.number} | `{name}` | {fault.says} | {done} | {acting} |"


def test_the_documentation_says_what_is_so() -> None:
    """Line by line."""
    page = Path(__file__).parents[4] / "docs" / "faults.md"
    if not page.exists():
        pytest.skip("the documentation is not here")

    listed = {line for line in page.read_text(encoding="utf-8").splitlines() if re.match(r"\| \d", line)}

    assert set(rows()) == listed
