"""Every fault over every wire, sync and async, whole and streamed: what our client makes of it, counted at the socket."""

from __future__ import annotations

import logging
import pickle
import re
import traceback
from pathlib import Path

import pytest
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

SAME = ""
RESET = "transport.connect 0|transport.reset 0"  # whichever the system notices first
CUT = "interrupted: stream.truncated 1"
BODY = "protocol.body 2"  # an answer that came and cannot be read is asked for once more, not twice

# name -> kind of failure (or ok) and number of requests, of whole answers and of streams. Our default: three attempts.
TABLE: dict[str, tuple[str, str]] = {
    "reset-on-accept": (RESET, SAME),
    "reset-after-request": ("transport.reset 3", SAME),
    "close-after-request": ("transport.reset 3", SAME),
    "close-when-idle": ("ok 1", SAME),
    "throttled-1s": ("throttle 3", SAME),
    "throttled-date": ("throttle 3", SAME),
    "throttled": ("throttle 3", SAME),
    "throttled-86400": ("throttle 1", SAME),
    "throttled-negative": ("throttle 3", SAME),
    "throttled-nan": ("throttle 3", SAME),
    "throttled-1e9": ("throttle 3", SAME),
    "throttled-soon": ("throttle 3", SAME),
    "quota": ("quota.money 1", SAME),
    "spend-limit": ("quota.money 1", SAME),
    "payment": ("quota.money 1", SAME),
    "retry-info": ("throttle 3", SAME),
    "retry-info-daily": ("quota.window 1", SAME),
    "overloaded-529": ("server.overloaded 3", SAME),
    "overloaded-503": ("server.overloaded 3", SAME),
    "failed": ("server 3", SAME),
    "failed-html": ("server 3", SAME),
    "failed-empty": ("server 3", SAME),
    "bad-gateway": ("server 3", SAME),
    "login-page": (BODY, SAME),
    "half-json": (BODY, SAME),
    "length-too-long": ("transport.reset 3", "ok 1"),  # the end mark came: the answer is whole
    "length-too-short": ("ok 1", SAME),
    "length-twice": ("protocol 1", SAME),
    "chunk-cut": ("transport.reset 3", CUT),
    "chunk-size": (BODY, SAME),
    "cut-before-content": ("", "transport.reset 3|stream.truncated 3"),
    "cut-after-content": ("", f"{CUT}|interrupted: transport.reset 1"),
    "unfinished": ("", CUT),
    "error-first": ("", "server.overloaded 3"),
    "error-later": ("", "interrupted: server.overloaded 1"),
    "done-missing": ("", "ok 1"),
    "done-twice": ("", "ok 1"),
    "after-done": ("", "ok 1"),
    "usage-missing": ("", "ok 1"),
    "usage-null": ("", "ok 1"),
    "usage-late": ("", "ok 1"),
    "usage-twice": ("", "ok 1"),
    "chunk-twice": ("", "ok 1"),
    "chunks-swapped": ("", "ok 1"),
    "choices-empty": ("", "ok 1"),
    "event-unknown": ("", "ok 1"),
    "field-unknown": ("ok 1", SAME),
    "finish-unknown": ("ok 1", SAME),
    "arguments-cut": ("", "ok 1"),
    "arguments-invalid": ("", "ok 1"),
    "calls-interleaved": ("", "ok 1"),
    "utf8-invalid": (BODY, "ok 1"),
    "utf8-split": ("", "ok 1"),
    "newline-cr": ("", "ok 1"),
    "newline-lf": ("", "ok 1"),
    "newline-split": ("", "ok 1"),
    "bom": ("", "ok 1"),
    "line-separator": ("ok 1", SAME),
    "line-huge": (BODY, SAME),
    "json-deep": (BODY, SAME),
    "integer-huge": (BODY, SAME),
    "nan": (BODY, SAME),
    "gzip-bomb": (BODY, SAME),
    "gzip-twice": (BODY, SAME),
    "brotli": (BODY, SAME),
    "gzip-cut": (BODY, SAME),
    "gzip-damaged": (BODY, SAME),
    "frame-lengths-checksum": ("", BODY),
    "frame-checksum": ("", BODY),
    "frame-length": ("", BODY),
    "frame-exception": ("", "throttle 3"),
    "frame-exception-later": ("", "interrupted: throttle 1"),
    "redirect-302": ("protocol 1", SAME),
    "redirect-307": ("protocol 1", SAME),
    "redirect-308": ("protocol 1", SAME),
    "redirect-loop": ("protocol 1", SAME),
    "unauthorized": ("auth 1", SAME),
    "forbidden": ("auth 1", SAME),
}

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
SHORT |= {
    ("frame-header", mode): BODY for mode in MODES
}  # a frame with an unknown header is refused, not skipped
TABLE["frame-header"] = ("", BODY)

# What has tests of its own, for its clocks, doors, tokens: what comes of it, whole and streamed.
OTHERS: dict[str, tuple[str, str]] = {
    "refuse": ("transport.connect 0", SAME),
    "unresolvable": ("transport.connect 0", SAME),
    "black-hole": ("timeout.connect 0", SAME),
    "tls-expired": ("config.tls 0", SAME),
    "tls-wrong-host": ("config.tls 0", SAME),
    "tls-self-signed": ("config.tls 0", SAME),
    "silent": ("deadline 1", "timeout.headers 3"),
    "drip-head": ("deadline 1", "timeout.headers 3"),
    "silent-body": ("timeout.idle 3", "timeout.first_token 3"),
    "pings-only": ("deadline 1", "timeout.first_token 3"),
    "deaf": ("deadline 0", "timeout.headers 0"),
    "stall": ("", "interrupted: timeout.idle 1"),
    "slow-half": ("", "interrupted: deadline 1"),
    "flood": ("", "interrupted: deadline 1"),
    "token-slow": ("ok 2", SAME),
    "token-failed": ("auth 3", SAME),
    "token-html": ("auth 3", SAME),
    "token-refused": ("auth 1", SAME),
    "token-skew": ("auth 1", SAME),
    "token-lifetime-negative": ("ok 2", SAME),
    "token-lifetime-zero": ("ok 2", SAME),
    "token-lifetime-text": ("ok 2", SAME),
    "token-lifetime-huge": ("ok 2", SAME),
    "skew-ahead": ("ok 2", SAME),
    "skew-behind": ("ok 2", SAME),
}

# What the catalogue wants besides, and no policy does yet; by number.
CIRCUIT, TARGETS, GATES = "circuit", "other targets", "gates, other keys"
LATER = {
    **dict.fromkeys((1, 2, 3, 5, 6, 7, 19, 20, 21, 23, 24, 25), f"{CIRCUIT}, {TARGETS}"),
    **dict.fromkeys((9, 10, 11, 12), f"{CIRCUIT}, {TARGETS} first"),
    **dict.fromkeys((13, 14, 15, 16, 17, 18), GATES),
    **dict.fromkeys((22, 26, 29, 41), TARGETS),
    43: "key gate",
    46: "throughput clock",
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
        yield f"| {fault.number} | `{name}` | {fault.says} | {done} | {LATER.get(fault.number, '')} |"


def test_the_documentation_says_what_is_so() -> None:
    """Line by line."""
    page = Path(__file__).parents[4] / "docs" / "faults.md"
    if not page.exists():
        pytest.skip("the documentation is not here")

    listed = {line for line in page.read_text(encoding="utf-8").splitlines() if re.match(r"\| \d", line)}

    assert set(rows()) == listed
