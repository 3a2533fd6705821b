"""Routes at the command line: listed, and explained without anything being sent."""

from __future__ import annotations

import json

import pytest

ROUTES = """
default = "route:cheap"

[routes.cheap]
strategy = "cost"
targets = [
    { model = "acme/small-latest", cost = 0.001 },
    { model = "acme/large-latest", cost = 0.004, quality = 0.95 },
]
fallback = ["echo/echo"]
"""


@pytest.fixture
def routed(acme, home, monkeypatch):
    """A project with a route, and a key."""
    (home / "work" / "jackfield.toml").write_text(ROUTES)
    monkeypatch.setenv("ACME_API_KEY", "key-0123456789abcdef")
    return home


def test_routes_are_listed(run, routed):
    """Name, strategy, targets, what stands in."""
    found = run("routes")

    assert ("cheap  cost", True) == (found.stdout.splitlines()[1][:11], "acme/small-latest" in found.stdout)
    assert ["echo/echo"] == json.loads(run("routes", "--json").stdout)[0]["fallback"]


def test_no_routes_are_no_error(run):
    """It says how one is set."""
    assert "no route is set" in run("routes").stderr


def test_a_decision_is_explained(run, routed):
    """Each target with what kept or dropped it."""
    result = run("route", "explain", "Good morning", "-o", "max_tokens", "998", "-o", "estimated_tokens", "2")

    expected = (
        "acme/small-latest  chosen: $0.001; $0.001 < $0.004\n"
        "acme/large-latest  then 2: $0.004\n"
        "echo/echo          fallback: stands in\n"
    )
    assert (expected, "route cheap: strategy cost, task General (50% sure)\n") == (
        result.stdout,
        result.stderr,
    )


def test_what_was_dropped_says_why(run, routed):
    """Planning wants quality that the small model does not have."""
    found = json.loads(run("route", "explain", "--json", "Create a plan for the move").stdout)

    assert ("acme/large-latest", "Planning") == (found["chosen"], found["task"])
    assert ["quality 0.83 is below 0.90 for Planning"] == [each["reason"] for each in found["dropped"]]


def test_options_of_the_call_act(run, routed):
    """As they would in the call itself."""
    found = json.loads(run("route", "explain", "hi", "-o", "min_quality", "0.9", "--json").stdout)

    assert "acme/large-latest" == found["chosen"]


def test_no_target_left_is_the_answer_no(run, routed):
    """Exit 1, and the reasons."""
    result = run("route", "explain", "hi", "-o", "region", "moon")

    assert (1, 3) == (result.exit_code, result.stdout.count("dropped: not in region `moon`"))


def test_the_prompt_may_be_piped(run, routed):
    """As everywhere."""
    assert (
        "Translation" == json.loads(run("route", "explain", "--json", piped="Translate this").stdout)["task"]
    )


@pytest.mark.parametrize(
    ("args", "told", "code"),
    [
        (("explain", "hi", "--route", "chep"), "did you mean `route:cheap`?", 3),
        (("explain", "hi", "-o", "task", "planing"), "did you mean `Planning`?", 4),
        (("explain",), "there is no prompt", 2),
    ],
)
def test_slips_are_answered(run, routed, args, told, code):
    """With what may be meant."""
    result = run("route", *args)

    assert (code, True) == (result.exit_code, told in result.stderr)


def test_a_route_has_to_be_named_where_several_are(run, routed, home):
    """Where the default is none."""
    (home / "work" / "jackfield.toml").write_text(
        '[routes.a]\ntargets = ["echo/echo"]\n[routes.b]\ntargets = ["echo/echo"]\n'
    )

    assert "`--route` one of a, b" in run("route", "explain", "hi").stderr
    (home / "work" / "jackfield.toml").write_text("")
    assert "set `[routes.NAME]`" in run("route", "explain", "hi").stderr


FALLING = """
default = "route:steady"

[routes.steady]
strategy = "fallback"
targets = ["echo/status-503", "echo/echo"]
"""


@pytest.fixture
def falling(home):
    """A project whose default is a route with a target that fails."""
    (home / "work" / "jackfield.toml").write_text(FALLING)


def test_a_route_is_used_like_a_model(run, falling):
    """As the default, and by its name; the line of figures tells who answered."""
    result = run("-u", "hello there")

    assert "hello there" == result.stdout
    assert result.stderr.startswith("echo/echo · ")
    assert result.stderr.endswith(" · route steady, attempt 2\n")
    assert "hi" == run("-m", "route:steady", "--no-stream", "hi").stdout


def test_json_tells_the_route(run, falling):
    """And nothing for a plain model."""
    found = [
        json.loads(run("-m", name, "--json", "hi").stdout)["route"] for name in ("route:steady", "echo/echo")
    ]

    assert ["steady", None] == found


def test_a_dry_run_shows_what_is_tried_first(run, falling):
    """Options that are for routes alone are not sent."""
    shown = run("--dry-run", "hi", "-o", "priority", "high", "--json").stdout

    assert "status-503" in shown
    assert "priority" not in shown


def test_a_route_with_no_target_left_is_refused(run, falling):
    """With each reason; nothing is sent."""
    result = run("hi", "-o", "region", "moon")

    assert (4, "") == (result.exit_code, result.stdout)
    assert "no target of `route:steady` is left: `echo/status-503`: not in region `moon`" in result.stderr


def test_a_chat_may_be_with_a_route(run, falling):
    """From a pipe, one turn a line; a slip in its name is told before anything is typed."""
    assert "one" in run("chat", piped="one\n").stdout
    assert "did you mean `route:steady`" in run("chat", "-m", "route:stedy", piped="one\n").stderr
