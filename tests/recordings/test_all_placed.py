"""Every recording of a provider we have is judged by a test, or listed here with the reason why it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from cassettes import JUDGED, cases, require

require()

pytestmark = pytest.mark.recordings

# The recordings' word for the services whose providers are in this checkout.
OURS = frozenset(
    {
        "anthropic",
        "azure",
        "bedrock",
        "cohere",
        "deepseek",
        "fireworks",
        "gemini",
        "groq",
        "huggingface",
        "mistral",
        "ollama",
        "openai",
        "openrouter",
        "perplexity",
        "together",
        "vertex",
        "xai",
    }
)

# What no operation of ours reads, by service and surface, or by file. Each is refused as `not_implemented`.
FILES = {"gemini/prompt_cache__cached-contents.yaml": "explicit caches are no operation"}
UNREAD = {
    ("anthropic", "completions"): "the text completions that came before messages",
    ("openai", "completions"): "the text completions that came before chat",
    ("together", "completions"): "the text completions that came before chat",
    ("cohere", "v1-chat"): "the retired first version of the format",
    ("cohere", "v1-generate"): "the retired first version of the format",
    ("gemini", "interactions"): "an interface in preview beside the one we speak",
    ("gemini", "models"): "a video that is being made: videos are no operation",
    ("mistral", "ocr"): "reading documents is no operation",
    ("openrouter", "videos"): "videos are no operation",
    ("xai", "batch"): "batches that are filled one request at a time are no operation",
    ("xai", "videos"): "videos are no operation",
}


def test_every_file_is_judged_or_listed(request):
    """A file that nobody placed is a failure."""
    judged = set(request.config.stash.get(JUDGED, {}).values())
    modules = {Path(node.partition("::")[0]).name for node in request.config.stash.get(JUDGED, {})}
    if not {one.name for one in Path(__file__).parent.glob("test_*.py")} - {Path(__file__).name} <= modules:
        pytest.skip("only some of the modules were collected")

    ours = [case for case in cases() if case["provider"] in OURS]
    lost = [
        case["file"]
        for case in ours
        if case["file"] not in {*judged, *FILES} and (case["provider"], case["surface"]) not in UNREAD
    ]

    assert not lost
    assert len(ours) >= 370


def test_nothing_is_listed_that_is_judged(request):
    """A reason that no longer holds is taken away."""
    judged = set(request.config.stash.get(JUDGED, {}).values())
    stale = {
        (case["provider"], case["surface"])
        for case in cases()
        if case["file"] in judged and (case["provider"], case["surface"]) in UNREAD
    }

    assert not stale
    assert not judged & FILES.keys()
