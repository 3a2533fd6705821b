"""Every option there is acts: it changes what is sent, or what is done. An option without an entry fails."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
import pytest

from jackfield import Client, JackfieldError
from jackfield.options import (
    EMBED_OPTIONS,
    IMAGE_OPTIONS,
    OPERATIONS,
    OPTIONS,
    RERANK_OPTIONS,
    SPEECH_OPTIONS,
    TRANSCRIPTION_OPTIONS,
    OperationOptions,
    Options,
    OptionSpec,
)
from jackfield.types import Audio, EmbedRequest, Message, Request, Tool
from jackfield.types.operations import ImageRequest, RerankRequest, SpeechRequest, TranscriptionRequest

sys.path.insert(0, str(Path(__file__).parent))

from pointers import missing

PROVIDERS = ("openai", "anthropic", "gemini", "mistral", "cohere", "together", "xai", "huggingface")
TOOL = Tool("look", "Looks.", {"type": "object", "properties": {}})
ASKED = {
    "complete": Request("m", (Message("user", "hi"),), (TOOL,)),
    "embed": EmbedRequest("m", ("hi",)),
    "rerank": RerankRequest("m", "hi", ("a", "b")),
    "image": ImageRequest("m", "a cat"),
    "speak": SpeechRequest("m", "hi", "a-voice"),
    "transcribe": TranscriptionRequest("m", Audio("audio/wav", b"RIFF")),
}
TABLES = {
    "complete": OPTIONS,
    "embed": EMBED_OPTIONS,
    "rerank": RERANK_OPTIONS,
    "image": IMAGE_OPTIONS,
    "speak": SPEECH_OPTIONS,
    "transcribe": TRANSCRIPTION_OPTIONS,
}
SAMPLES = {
    "size": "1024x1024",
    "aspect_ratio": "16:9",
    "format": "png",
    "service_tier": "priority",
    "style": "vivid",
    "quality": "high",
    "background": "opaque",
    "input_type": "query",
    "timestamps": "word",
    "reasoning": "high",
    "language": "de",
    "top_logprobs": 3,
}
CASES = [(operation, name) for operation, table in TABLES.items() for name in table]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A client of providers with all wires there are."""
    with Client(
        {"providers": {name: {"api_key": "sk-a-key-of-nobody-0123456789"} for name in PROVIDERS}}
    ) as made:
        yield made


def sample(name: str, spec: OptionSpec) -> object:
    """A value that the option may have."""
    if name in SAMPLES:
        return SAMPLES[name]
    values: Mapping[type, object] = {
        bool: True,
        int: 2,
        float: 0.5,
        str: spec.choices[-1] if spec.choices else "text",
        tuple: ("end",),
        dict: {"a": "b"},
    }
    return next(value for kind, value in values.items() if kind in spec.types)


def rendered(client: Client, provider: str, operation: str, options: Mapping[str, object]) -> object:
    """What a provider's wire sends; ``None`` if it has no such operation or option."""
    asked = attrs.evolve(ASKED[operation], options=options)
    try:
        wire = client.bind(f"{provider}/m").wire
        if operation == "complete":
            call = wire.render_completion(asked, stream=False)
        else:
            found = wire.operations().get(operation)
            call = None if found is None else next(found.ask(asked))
    except JackfieldError:
        return None
    return None if call is None else (call.path, call.query, call.body)


@pytest.mark.parametrize(("operation", "name"), CASES)
def test_an_option_of_a_request_is_sent(client, operation, name):
    """At least one format has a word for it."""
    value = sample(name, TABLES[operation][name])
    plain = {provider: rendered(client, provider, operation, {}) for provider in PROVIDERS}
    changed = {provider: rendered(client, provider, operation, {name: value}) for provider in PROVIDERS}

    assert [
        provider
        for provider in PROVIDERS
        if None not in (plain[provider], changed[provider]) and plain[provider] != changed[provider]
    ]


# What is done with the options that are not sent as they are, by the test that shows it.
DONE = {
    "task": "route/test_tasks.py::what_the_caller_says_wins",
    "preset": "client/test_routing.py::hints_are_taken_out",
    "max_cost": "route/test_filters.py::what_costs_too_much_is_dropped",
    "min_quality": "route/test_filters.py::quality_is_asked_for",
    "priority": "client/test_routing.py::priority_says_where_a_call_waits",
    "prefer_speed": "route/test_strategies.py::wishes_bend_the_strategy",
    "minimise_cost": "route/test_strategies.py::wishes_bend_the_strategy",
    "max_latency_ms": "route/test_filters.py::what_was_measured_to_be_slow_is_dropped",
    "region": "route/test_filters.py::regions_are_obeyed",
    "compliance": "route/test_filters.py::compliance_is_obeyed",
    "needs": "client/test_routing.py::needs_can_be_stated",
    "format": "client/test_routing.py::a_form_is_a_need",
    "size": "route/test_filters.py::an_answer_of_that_size_has_to_fit_and_be_paid_for",
    "estimated_tokens": "tests/simulated/test_odd_calls.py::a_budget_leads_on_with_all_that_was_asked",
    "system": "client/test_plan.py::a_system_prompt_comes_first",
    "tools": "client/test_plan.py::tools_may_be_functions_or_hosted",
    "tool_choice": "wire/generate_content/test_render.py::a_choice_of_tools_is_said",
    "into": "client/test_complete.py::a_class_comes_back_as_an_instance",
    "extra": "wire/responses/test_responses_render.py::fields_of_the_providers_own",
    "tags": "policy/limits/test_board.py::each_user_has_a_limit_of_his_own",
    "timeout": "client/test_plan.py::limits_of_a_call_win",
    "max_retries": "client/test_complete.py::max_retries_acts",
    "hedge": "tests/simulated/test_calls.py::a_slow_start_is_hedged",
    "cache": "tests/acts/test_settings_act.py::a_call_may_pass_the_cache",
    "on_interrupt": "client/test_continuing.py::a_stream_goes_on_where_it_broke_off",
}


def test_every_option_of_a_call_is_spoken_for():
    """Whoever adds one says where it is shown to act."""
    assert {*Options.__annotations__} | {*OperationOptions.__annotations__} == {*DONE} | {*OPTIONS}


def test_every_operation_s_options_are_in_a_table():
    """So that they are checked above."""
    stated = [spec.options for spec in OPERATIONS.values() if spec.options]

    assert all(any(options is table for table in TABLES.values()) for options in stated)


def test_what_shows_them_is_there():
    """By name."""
    assert [] == missing(DONE.values())


def test_the_same_is_rendered_the_same(client):
    """Otherwise nothing would follow from a difference."""
    rendering = {(one, name): rendered(client, one, name, {}) for one in PROVIDERS for name in TABLES}

    assert rendering == {(one, name): rendered(client, one, name, {}) for one in PROVIDERS for name in TABLES}
