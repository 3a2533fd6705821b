"""The names are those of the release that is stated: a pinned copy, so that none changes unseen."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import jackfield.telemetry
from jackfield.telemetry import semconv

PINNED = [
    "error.type",
    "gen_ai.client.inference.operation.details",
    "gen_ai.client.operation.duration",
    "gen_ai.client.operation.time_per_output_chunk",
    "gen_ai.client.operation.time_to_first_chunk",
    "gen_ai.client.token.usage",
    "gen_ai.input.messages",
    "gen_ai.operation.name",
    "gen_ai.output.messages",
    "gen_ai.output.type",
    "gen_ai.provider.name",
    "gen_ai.request.choice.count",
    "gen_ai.request.frequency_penalty",
    "gen_ai.request.max_tokens",
    "gen_ai.request.model",
    "gen_ai.request.presence_penalty",
    "gen_ai.request.seed",
    "gen_ai.request.stop_sequences",
    "gen_ai.request.stream",
    "gen_ai.request.temperature",
    "gen_ai.request.top_k",
    "gen_ai.request.top_p",
    "gen_ai.response.finish_reasons",
    "gen_ai.response.id",
    "gen_ai.response.model",
    "gen_ai.system_instructions",
    "gen_ai.token.type",
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.reasoning.output_tokens",
    "http.response.status_code",
    "server.address",
    "server.port",
]


def test_names_equal_the_pinned_copy():
    """Every name, and no other; of the release that is stated."""
    source = inspect.getsource(semconv)

    assert "util-genai 1.3b0" == semconv.SEMCONV
    assert PINNED == sorted(set(re.findall(r'"((?:gen_ai|error|server|http)\.[a-z_.]+)"', source)))


def test_no_other_module_holds_such_a_name():
    """One module to change when they do."""
    folder = Path(jackfield.telemetry.__file__).parent
    others = [file for file in folder.glob("*.py") if file.name != "semconv.py"]

    assert not [
        file.name for file in others if re.search(r'"(gen_ai|error\.type|server\.|http\.)', file.read_text())
    ]


def test_buckets_are_those_of_the_release():
    """From 0.01 s doubled to 81.92 s; from 1 token times four."""
    assert (0.01, 81.92, 14) == (
        semconv.SECONDS_BUCKETS[0],
        semconv.SECONDS_BUCKETS[-1],
        len(semconv.SECONDS_BUCKETS),
    )
    assert (1, 67108864) == (semconv.TOKEN_BUCKETS[0], semconv.TOKEN_BUCKETS[-1])
