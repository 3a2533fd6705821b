"""What a client knows of its routes' targets and of a request, and what it decides."""

from __future__ import annotations

from types import SimpleNamespace

import attrs
import pytest

from jackfield import Client, Document, Image, InvalidRequest, JackfieldError, Message, Opaque, Reasoning
from jackfield.capability import Capability
from jackfield.client.hints import without_hints
from jackfield.client.observing import fence_of
from jackfield.client.routing import facts_of
from jackfield.config import Settings
from jackfield.errors import BadConfig
from jackfield.telemetry import LogObserver
from jackfield.types.routes import NO_HINTS, Hints

ROUTE = {"targets": ["acme/small-1", "acme/large-1"], "strategy": "fallback"}


@pytest.fixture
def routed(registry):
    """A client with a route, and more of what is set."""

    def make(**route):
        return Client({"routes": {"r": {**ROUTE, **route}}}, registry=registry)

    return make


def names(decision):
    return [each.model for each in decision.candidates]


# -- hints ---------------------------------------------------------------------------------------


def test_options_without_hints_stay_as_they_are():
    """The usual call pays nothing."""
    options = {"temperature": 0}

    assert (NO_HINTS, options) == without_hints(options)
    assert without_hints(options)[1] is options


def test_hints_are_taken_out():
    """What is left is what may be sent; a preset gives way to what is stated."""
    given = {
        "task": "planning",
        "preset": "speed",
        "priority": "low",
        "region": "eu",
        "max_cost": None,
        "seed": 0,
    }

    expected = Hints(task="Planning", prefer_speed=True, priority=3, region=("eu",))
    assert (expected, {"seed": 0}) == without_hints(given)


def test_tags_are_hints_and_stay():
    """Routes go by them, and the ledger keeps them."""
    hints, rest = without_hints({"tags": {"tier": "free"}})

    assert ({"tier": "free"}, {"tags": {"tier": "free"}}) == (hints.tags, rest)


@pytest.mark.parametrize(
    ("priority", "lane"), [(1, "low"), (3, "low"), (5, "normal"), (8, "high"), (10, "high")]
)
def test_priority_says_where_a_call_waits(priority, lane):
    """Three lanes for ten priorities."""
    assert lane == Hints(priority=priority).lane


@pytest.mark.parametrize(
    "options",
    [
        {"task": 3},
        {"task": "planing"},
        {"preset": "cheap"},
        {"preset": ["cost"]},
        {"max_cost": -1},
        {"max_cost": True},
        {"min_quality": 2},
        {"priority": 11},
        {"priority": "urgent"},
        {"prefer_speed": 1},
        {"region": [""]},
        {"compliance": 3},
        {"estimated_tokens": 1.5},
        {"size": "huge"},
        {"size": 0},
        {"size": True},
        {"format": "xml"},
        {"format": ["json"]},
    ],
)
def test_hints_out_of_bounds_are_refused(options):
    """Nothing is accepted and ignored."""
    with pytest.raises(InvalidRequest, match="nothing was sent"):
        without_hints(options)


@pytest.mark.parametrize(
    ("given", "tokens"), [("short", 500), ("medium", 1500), ("long", 5000), (7, 7), (None, None)]
)
def test_a_size_is_what_is_expected_to_come_out(given, tokens):
    """In a word, or in tokens."""
    assert tokens == without_hints({"size": given})[0].size


def test_a_form_is_a_need():
    """Beside those that are stated; text needs nothing."""
    found = [
        without_hints({"format": form, "needs": "tools"})[0].needs for form in ("text", "json", "schema")
    ]

    assert [("tools",), ("tools", "json_mode"), ("tools", "json_schema")] == found


# -- facts ---------------------------------------------------------------------------------------


def test_words_need_a_model_that_chats():
    """And one that streams, where it is to stream."""
    assert {Capability.CHAT} == facts_of("hi", {}).needs
    assert {Capability.CHAT, Capability.STREAMING} == facts_of("hi", {}, stream=True).needs


def test_what_a_request_needs_follows_from_it():
    """Parts, tools, form and options."""
    turns = [Message("user", ("look", Image("image/png", data=b"x"), Document("application/pdf", data=b"y")))]
    options = {
        "system": "be brief",
        "tools": [len],
        "tool_choice": "required",
        "into": dict,
        "reasoning": "low",
    }

    found = facts_of(turns, options).needs

    assert {
        "images_in",
        "documents_in",
        "system_prompt",
        "tools",
        "tool_choice",
        "json_mode",
        "reasoning",
    } < set(found)


def test_needs_can_be_stated():
    """What a request does not show; a slip is answered."""
    assert Capability.WEB_SEARCH in facts_of("hi", {}, Hints(needs=("web_search",))).needs
    with pytest.raises(InvalidRequest, match="did you mean `tools`"):
        facts_of("hi", {}, Hints(needs=("tool",)))


def test_what_is_said_is_told_apart():
    """The last words of the user, the system prompt, the longest answer, the user."""
    turns = [Message("user", "one"), Message("assistant", "two"), Message("user", "three")]
    found = facts_of(turns, {"system": "be brief", "max_tokens": 7, "user": "ann"})

    assert ("three", "be brief", 7, "ann") == (found.prompt, found.system, found.output, found.sticky)
    assert 3 <= found.tokens <= 12


def test_what_binds_is_seen():
    """Signed reasoning binds to its provider."""
    turns = [
        Message("assistant", (Reasoning("", Opaque("acme", "w", {"signature": "s"})),)),
        Message("user", "go on"),
    ]

    assert "acme" == facts_of(turns, {}).bound.provider


# -- decisions -----------------------------------------------------------------------------------


def test_a_route_decides_by_what_is_known_of_its_targets(routed):
    """Images need the large model; a long prompt does not fit it."""
    client = routed()

    assert ["acme/small-1", "acme/large-1"] == names(client.explain("route:r", "hi"))
    assert ["acme/large-1"] == names(client.explain("r", [Image("image/png", data=b"x")]))
    assert ["acme/small-1"] == names(client.explain("r", "word " * 2000))


def test_hints_act_on_the_decision(routed):
    """As options of the call."""
    decision = routed().explain("r", "hi", region="eu")

    assert ["not in region `eu`"] * 2 == [each.reason for each in decision.dropped]


def test_regions_of_targets_are_believed(registry):
    """What a target is stated to be in; a zone is in its continent."""
    targets = [{"model": "acme/small-1", "region": "eu-west-1"}, "acme/large-1"]
    client = Client({"routes": {"r": {"targets": targets}}}, registry=registry)

    assert ["acme/small-1"] == names(client.explain("r", "hi", region="eu"))


def test_a_target_without_a_key_is_dropped(routed, monkeypatch):
    """With the reason; the call itself is not refused for it."""
    monkeypatch.delenv("ACME_API_KEY")

    assert ["no credentials for `acme`"] * 2 == [each.reason for each in routed().explain("r", "hi").dropped]


def test_cost_needs_known_costs(routed, registry):
    """An unknown price is told where the route is first used, with what to state."""
    with pytest.raises(BadConfig, match=r"unknown for `acme/small-1`, `acme/large-1`(?s:.)*cost = 0.001"):
        routed(strategy="cost").explain("r", "hi")
    targets = [{"model": "acme/small-1", "cost": 0.002}, {"model": "acme/large-1", "cost": 0.001}]
    client = Client({"routes": {"r": {"targets": targets, "strategy": "cost"}}}, registry=registry)
    assert ["acme/large-1", "acme/small-1"] == names(client.explain("r", "hi"))


def test_an_unknown_provider_is_told_at_the_start(registry):
    """With what may be meant."""
    with pytest.raises(BadConfig, match="no provider `acm` is installed or known, did you mean `acme`"):
        Client({"routes": {"r": {"targets": ["acm/small-1"]}}}, registry=registry)


def test_an_unknown_route_is_told(routed):
    """With what may be meant; where none is set, with how one is."""
    with pytest.raises(BadConfig, match="there is no route `q`"):
        routed().explain("route:q", "hi")


def test_measures_are_shared_by_routes(routed):
    """One board for a client."""
    client = routed()

    assert client.routes.router("r").measures is client.routes.measures
    assert client.routes.router("r") is client.routes.router("r")
    assert ["r"] == [route.name for route in client.routes]


def test_a_mapped_model_is_known(registry):
    """What stands in for one target is bound like any other."""
    fallback = [{"model": "acme/small-1", "models": {"acme/large-1": "acme/large-2"}}]
    client = Client({"routes": {"r": {"targets": ["acme/large-1"], "fallback": fallback}}}, registry=registry)

    assert ["acme/large-1", "acme/large-2"] == names(client.explain("r", "hi"))


def test_routes_lead_to_routes(registry):
    """A route among the fallback."""
    routes = {"r": {"targets": ["acme/large-1"], "fallback": ["route:s"]}, "s": {"targets": ["acme/small-1"]}}

    assert ["acme/large-1", "acme/small-1"] == names(
        Client({"routes": routes}, registry=registry).explain("r", "hi")
    )


# -- extensions ----------------------------------------------------------------------------------


class Extensions:
    """A registry with one extension, whatever it is."""

    def __init__(self, found):
        self.found = found

    def extensions(self):
        return (SimpleNamespace(name="mine", distribution="acme-mine"),)

    def profiles(self):
        return ()

    def ids(self):
        return ()

    def extension(self, name):
        return self.found


class Told:
    def observe(self, event):
        """Nothing."""


def observers(found, *wanted):
    settings = Settings.load({"telemetry": {"observers": list(wanted)}}, env={})
    return fence_of(settings, Extensions(found))._observers


def test_observers_are_made_by_name():
    """Ours, and those of extensions, be they objects or classes."""
    kinds = [type(each).__name__ for each in observers(Told, "log", "otel", "mine", "log")]

    assert ["LogObserver", "OtelObserver", "Told"] == kinds
    assert () == observers(Told)
    assert isinstance(observers(LogObserver(), "mine")[0], LogObserver)


def test_observers_that_are_none_are_told():
    """A slip, and an extension that observes nothing."""
    with pytest.raises(BadConfig, match="did you mean `log`"):
        observers(Told, "logs")
    with pytest.raises(BadConfig, match="`mine` has no `observe`"):
        observers(object(), "mine")


class Last:
    def rank(self, targets, facts, task):
        return [(float(place), "mine") for place, _ in enumerate(targets)]


@pytest.mark.parametrize(("found", "told"), [(object(), "has no `rank`"), (None, "no extension `yours`")])
def test_rankers_that_are_none_are_told(routed, found, told):
    """A slip, and an extension that ranks nothing."""
    client = with_extension(routed(strategy="custom", extension="mine" if found else "yours"), found)

    with pytest.raises(BadConfig, match=told):
        client.explain("r", "hi")


def with_extension(client, found):
    """The client, which sees one extension once its models are bound."""
    for model in ROUTE["targets"]:
        client.bind(model)
    extensions = Extensions(found)
    client.registry.extensions, client.registry.extension = extensions.extensions, extensions.extension
    return client


def test_an_extension_ranks(routed):
    """It is asked for each decision."""
    client = with_extension(routed(strategy="custom", extension="mine"), Last())

    assert ["acme/large-1", "acme/small-1"] == names(client.explain("r", "hi"))


def test_decisions_are_values(routed):
    """They compare, and cannot be changed."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        routed().explain("r", "hi").task = "Planning"


def test_a_breaker_that_is_open_is_told(client, acme):
    """A target that was left alone says for how long."""
    calling = client(*[acme.failure(500)] * 9, routes={"r": ROUTE}, max_retries=0)
    for _ in range(5):
        with pytest.raises(JackfieldError):
            calling.complete("acme/small-1", "hi")

    dropped = calling.explain("r", "hi").dropped

    assert ["acme/small-1"] == [each.model for each in dropped]
    assert dropped[0].reason.startswith("breaker open ")
