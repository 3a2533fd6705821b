"""Every recorded request gets an answer of the shape of the recorded one: keys, types, order of events.

What differs is listed with its reason, per provider; ``-s`` prints the table.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from jackfield_simulator.app import Simulated
from replayed import Outcome, exchanges, outcome_of, require
from shapes import conflicts, missing

require()

pytestmark = pytest.mark.recordings

# Keys that the simulator does not make up, and why.
HOSTED = (
    r"server_tool|executed_tools|toolResult|toolUse\.type|delta\.partial_json|\.action|executableCode|urlContext"
    r"|content(_block|\[\])\.(content|id|input|name|tool_use_id|is_error|server_name)|codeExecution|namespace"
    r"|toolUsePrompt|tools\[\]\.tools|search_context_size|tool_output|retrievalMetadata|server_side_tool"
)
EXPLAINED = tuple(
    (re.compile(pattern), why)
    for pattern, why in (
        (HOSTED, "the parts of a tool that the provider runs itself"),
        (
            r"delta\.citation|citations\[\]|groundingMetadata|web\.domain",
            "sources of a search that was not made",
        ),
        (r"[gG]uardrail|^trace|content_filter_results|moderation|refusal", "what a filter or guardrail says"),
        (
            r"[sS]ignature|reasoning_details|encrypted_content|summary|thinking_tokens",
            "thoughts, sealed or summed up",
        ),
        (r"logprobs|Logprobs|finishMessage|stop_reason|matched_stop", "details of decoding"),
        (
            r"^error\.|^(code|message|type|object|param|detail|id|status|user_id|raw_status_code|error_type)$",
            "failures",
        ),
        (r"^data\[\]", "facts of one catalogue"),
    )
)
# The most recordings of each provider that differ otherwise: fields of one host, one model, one beta. It may fall.
MOST_OTHER = {
    "azure-openai": 17,
    "bedrock": 8,
    "cohere": 3,
    "deepseek": 1,
    "gemini": 4,
    "groq": 3,
    "huggingface": 3,
    "mistral": 1,
    "openai": 15,
    "openai-compatible": 111,
    "openrouter": 5,
    "perplexity": 1,
}
# Services whose own wires nobody here speaks, and what of ours no operation reads.
FOREIGN = re.compile(
    r"^(alephalpha|assemblyai|bfl|cartesia|deepgram|elevenlabs|fal|gladia|replicate|revai|sagemaker|watsonx|writer|venice)/|completions-(claude|luminous|mixtral|palmyra)|v1-|interactions|cached|videos?|veo|ocr|generate-|api-embed|other|models|hf-inference-embeddings|chat__completions"
)
STATES = re.compile(r"batch|files|error_in_stream|rerank__rerank")  # about ids, or failures within a success


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """What became of every recorded request."""
    app = Simulated({"missing": [], "models": ["m-1"]})
    return [outcome_of(app, exchange) for exchange in exchanges()]


def unexplained(outcome: Outcome) -> list[str]:
    """The keys whose absence nothing explains."""
    assert outcome.given is not None
    lacking = missing(outcome.recorded, outcome.given)
    return [path for path in lacking if not any(pattern.search(path) for pattern, _ in EXPLAINED)]


def grade(outcome: Outcome) -> str:
    """How close an answer comes."""
    if outcome.given is None:
        return "no path"
    if outcome.given.status != outcome.recorded.status:
        return "other status"
    if not missing(outcome.recorded, outcome.given) and not conflicts(outcome.recorded, outcome.given):
        return "same" if outcome.recorded.events == outcome.given.events else "same keys"
    return "other" if unexplained(outcome) else "explained"


def test_table(outcomes):
    """Provider by provider; what differs without a reason may become less, and never more."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        table[outcome.provider][grade(outcome)] += 1
    columns = ("same", "same keys", "explained", "other", "other status", "no path")
    print(f"\n{'provider':<20}" + "".join(f"{column:>14}" for column in columns))
    for provider, found in sorted(table.items()):
        print(f"{provider:<20}" + "".join(f"{found[column]:>14}" for column in columns))
    total = sum(table.values(), Counter())
    print(f"{'all':<20}" + "".join(f"{total[column]:>14}" for column in columns))

    worse = {
        name: found["other"] for name, found in table.items() if found["other"] > MOST_OTHER.get(name, 0)
    }
    assert not worse
    assert total["same"] >= 270


def test_every_path_of_ours_is_answered(outcomes):
    """What is not, belongs to services whose formats nobody here speaks."""
    lost = [one.exchange.id for one in outcomes if one.given is None and not FOREIGN.search(one.exchange.id)]

    assert not lost


def test_statuses_are_those_recorded(outcomes):
    """Except for ids that were never given out here, and for requests that were not recorded whole."""
    wrong = [
        one.exchange.id
        for one in outcomes
        if one.given is not None
        and one.given.status != one.recorded.status
        and not STATES.search(one.exchange.id)
        and one.exchange.request.strip() not in (b"", b"{}")
    ]

    assert len(wrong) <= 14, wrong


def test_types_agree(outcomes):
    """Where both have a key, both have the same kind of value; failures have forms of their own."""
    clashes = {
        (one.provider, path)
        for one in outcomes
        if one.given is not None and one.given.status == one.recorded.status < 400
        for path in conflicts(one.recorded, one.given)
    }

    assert clashes <= {("anthropic", "created_at"), ("openai", "reasoning")}
