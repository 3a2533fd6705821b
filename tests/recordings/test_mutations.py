"""Recorded answers with something missing, null, odd, new or out of order, on every wire.

No foreign exception gets out, no value is of another type than it says, and what is incidental takes no
text with it. Each answer is changed at a few places that follow from its name, so a failure comes again.
"""

from __future__ import annotations

from random import Random
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from cassettes import Exchange, exchanges, require
from mutating import Recorded, changed, closed, extended, places, recorded, strange, told

from jackfield.events import Finished
from jackfield.wire import Dialect, wire_named

bedrock = pytest.importorskip("jackfield_bedrock.converse")
cohere = pytest.importorskip("jackfield_cohere.wire")
ollama = pytest.importorskip("jackfield_ollama.wire")

require()

pytestmark = pytest.mark.recordings

CHANGES = 6
MOST = 24  # of a wire

CHAT = ("chat_completions", "compat-chat_completions", "foundry-models-chat_completions", "openai-compat")
RESPONSES = ("responses", "v1-responses", "mantle-responses")
BASE = "https://a.test"

# Fields beside what is said: with them nothing of it may go.
INCIDENTAL = frozenset(
    {
        *(
            "id",
            "model",
            "created",
            "object",
            "usage",
            "system_fingerprint",
            "service_tier",
            "x_groq",
            "role",
        ),
        *(
            "logprobs",
            "annotations",
            "citations",
            "search_results",
            "obfuscation",
            "p",
            "native_finish_reason",
        ),
        *("sequence_number", "metadata", "created_at", "stop_sequence", "container", "context_management"),
        *("usageMetadata", "modelVersion", "responseId", "safetyRatings", "groundingMetadata", "avgLogprobs"),
        *("metrics", "trace", "total_duration", "eval_count", "prompt_eval_count", "billed_units", "tokens"),
        *("finish_reason", "stop_reason", "stopReason", "finishReason", "done_reason", "thoughtSignature"),
    }
)


def wire_of(exchange: Exchange) -> Any:
    if exchange.provider == "bedrock" and exchange.surface.startswith("converse"):
        model = unquote(urlsplit(exchange.uri).path.split("/")[2])
        return bedrock.Converse(Dialect(provider="bedrock", base=BASE), model)
    if exchange.provider == "cohere":
        return cohere.CohereWire(Dialect(provider="cohere"))
    if exchange.provider == "ollama" and exchange.surface == "chat":
        return ollama.OllamaWire(Dialect(provider="ollama"))
    name = next((name for name, surfaces in NAMED.items() if exchange.surface in surfaces), "")
    return wire_named(name)(Dialect(provider=exchange.provider, base=BASE))


NAMED = {
    "chat_completions": CHAT,
    "responses": RESPONSES,
    "messages": ("messages", "anthropic-messages", "anthropic-rawPredict"),
    "generate_content": ("generate_content",),
}


def some() -> list[Exchange]:
    """Answers of every wire, spread over all that were recorded."""
    bundles = [exchanges(surfaces=surfaces) for surfaces in NAMED.values()]
    bundles.append([one for one in exchanges("bedrock") if one.surface.startswith("converse")])
    bundles += [exchanges("cohere", surfaces=("v2-chat",)), exchanges("ollama", surfaces=("chat",))]
    found = []
    for bundle in bundles:
        answers = [one for one in bundle if one.status == 200 and one.body[:1] != b"["]
        found += answers[:: len(answers) // MOST + 1]
    return found


def is_incidental(way: tuple[Any, ...]) -> bool:
    """Whether a place is beside what is said; that of an id is only if it is the answer's own."""
    return way[-1] in INCIDENTAL and (way[-1] != "id" or len(way) == 1)


each = pytest.mark.parametrize("given", some(), ids=lambda exchange: exchange.id)


def ends_well(answer: Recorded) -> bool:
    """Whether it is an answer to its end, as most are."""
    return isinstance(answer.read(answer.values)[-1], Finished)


def sound(exchange: Exchange) -> Recorded:
    """An answer that can be read."""
    answer = recorded(exchange, wire_of(exchange))
    if not ends_well(answer):
        pytest.skip("it is none that ends well")
    return answer


def test_nearly_all_of_them_end_well():
    """Few are passed over below: a wire that reads no end would pass them all over."""
    found = [ends_well(recorded(exchange, wire_of(exchange))) for exchange in some()]

    assert 0.9 * len(found) <= sum(found)


def changes(exchange: Exchange, answer: Recorded, ways: Any = lambda way: True):
    """The values of an answer, each time with one of them changed."""
    chance = Random(exchange.id)
    found = [(at, way) for at, value in enumerate(answer.values) for way in places(value) if ways(way)]
    for at, way in chance.sample(found, min(CHANGES, len(found))):
        inside = answer.values[at]
        for step in way:
            inside = inside[step]
        new = changed(answer.values[at], way, strange(inside, chance))
        yield [*answer.values[:at], new, *answer.values[at + 1 :]]


@each
def test_an_odd_value_is_read_or_refused(given) -> None:
    """Whatever stands anywhere, there is one end, and everything before it is of its type."""
    answer = sound(given)

    for values in changes(given, answer):
        closed(answer.read(values))


@each
def test_what_is_incidental_takes_no_text_with_it(given) -> None:
    """Figures, citations and reasons may be missing or odd: what was said stays, and so do the calls."""
    answer = sound(given)
    before = closed(answer.read(answer.values))

    for values in changes(given, answer, is_incidental):
        after = closed(answer.read(values))

        assert (before.text, before.reasoning) == (after.text, after.reasoning)
        assert [call.json for call in before.tool_calls] == [call.json for call in after.tool_calls]


@each
def test_new_fields_and_events_are_no_obstacle(given) -> None:
    """What is to come is read as what is known of it."""
    answer = sound(given)
    before = closed(answer.read(answer.values))

    after = closed(answer.read(list(map(extended, answer.values))))

    assert told(before)[:2] == told(after)[:2]
    assert told(before)[3] == told(after)[3]
    assert [call.name for call in before.tool_calls] == [call.name for call in after.tool_calls]


@each
def test_another_order_is_read_or_refused(given) -> None:
    """Two records that change places, and one that comes twice."""
    answer = sound(given)
    chance = Random(given.id)

    for _ in range(CHANGES if len(answer.values) > 1 else 0):
        at = chance.randrange(len(answer.values) - 1)
        before, after = range(at), range(at + 2, len(answer.values))
        closed(answer.read(answer.values, [*before, at + 1, at, *after]))
        closed(answer.read(answer.values, [*before, at, at, at + 1, *after]))
