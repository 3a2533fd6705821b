"""The live page in a real browser, headless: what it shows after requests and faults, and that it goes on showing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from browser import found, started

from jackfield import JackfieldError

TABLE = """[...document.querySelectorAll("#lines tr")].map(row => ({
  classes: row.className.trim(),
  background: getComputedStyle(row).backgroundColor,
  cells: [...row.cells].map(cell => cell.textContent),
}))"""
SUMS = (
    """Object.fromEntries([...document.querySelectorAll("#sums b")].map(sum => [sum.id, sum.textContent]))"""
)
ROWS = "document.querySelectorAll('#lines tr').length === %d"


@pytest.fixture(scope="module")
def browser():
    """A browser. In continuous integration there has to be one."""
    path = found()
    if path is None:
        assert not os.environ.get("CI"), "there is no browser: apt-get install chromium"
        pytest.skip("there is no browser on this machine")
    with started(path) as running:
        yield running


@pytest.fixture
def page(browser, simulator):
    """The page of a simulator, in the browser."""
    browser.troubles.clear()
    browser.show(f"{simulator.url}/_simulator/")
    browser.until("document.querySelectorAll('#sums b').length > 0")
    return browser


def test_it_shows_what_was_asked_answered_faulted_and_billed(page, simulator):
    """The newest first; a failure in another colour; words as words."""
    simulator.fault("ok", "ok", "overloaded-529")
    with simulator.client("groq", "anthropic") as client:
        client.complete("groq/llama-3.3-70b-versatile", "<b>hello</b>")
        client.stream("anthropic/claude-sonnet-4-5", "one two three").completion()
        with pytest.raises(JackfieldError):
            client.complete("anthropic/claude-sonnet-4-5", "please fail")

    page.until(ROWS % 3)

    failed, streamed, first = page.value(TABLE)
    assert ["529", "overloaded-529"] == failed["cells"][7:9]
    assert "failed faulted" == failed["classes"]
    assert failed["background"] != first["background"] == streamed["background"]
    assert ["anthropic", "complete (stream)"] == streamed["cells"][1:3]
    assert ["<b>hello</b>", "<b>hello</b>", "200", ""] == first["cells"][5:9]


def test_its_sums_are_those_of_the_bill(page, simulator):
    """To the token."""
    with simulator.client("openai") as client:
        for text in ("one", "two three"):
            client.complete("openai/gpt-5.4-mini", text)

    page.until(ROWS % 2)

    bill, shown = simulator.bill.totals(), page.value(SUMS)
    assert {name: str(getattr(bill, name)) for name in shown} == shown
    assert ("2", "0") == (shown["requests"], shown["failed"])


def test_it_goes_on_by_itself(page, simulator):
    """Nobody loads it anew; when the simulator stops, its title says so."""
    client = simulator.client("mistral")
    for number in (1, 2):
        client.complete("mistral/mistral-small-latest", "hello")
        page.until(ROWS % number)
        page.until(f'document.title === "{number} · jackfield simulator"')
    client.close()

    simulator.stop()

    page.until('document.title === "stopped · jackfield simulator"')


def test_it_asks_nobody_but_the_simulator(page, simulator):
    """Neither for scripts nor for fonts, and its own script makes no mistake."""
    with simulator.client("cohere") as client:
        client.complete("cohere/command-a-03-2025", "hello")
    page.until(ROWS % 1)

    asked = page.value("performance.getEntriesByType('resource').map(one => new URL(one.name).origin)")

    assert {simulator.url} == set(asked)
    assert not [one for one in page.troubles if "favicon" not in str(one)]
