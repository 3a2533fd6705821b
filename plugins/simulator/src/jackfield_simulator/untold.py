"""What a format may hold, and a provider was never seen to say: it is left out, unless it tells something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen


@frozen
class Always:
    """A value that is set though there is another."""

    value: Any


NEVER = object()  # takes away what has nothing to tell

_DETAILS_OF_IMAGES = (
    "usage.completion_tokens_details.image_tokens",
    "usage.prompt_tokens_details.cache_write_tokens",
)
_DETAILS_OF_MEDIA = (
    *_DETAILS_OF_IMAGES,
    "usage.prompt_tokens_details.image_tokens",
    "usage.prompt_tokens_details.audio_tokens",
    "usage.completion_tokens_details.audio_tokens",
)
_REFUSAL = "choices[].message.refusal"
_LOGPROBS = "choices[].logprobs"
_RESPONSE = ("tool_usage", "usage.input_tokens_details.cache_write_tokens")
# (provider, wire) -> paths, as habits have them.
UNTOLD: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("openai", "chat_completions"): (*_DETAILS_OF_IMAGES, "usage.prompt_tokens_details.image_tokens"),
    ("azure-openai", "chat_completions"): _DETAILS_OF_IMAGES,
    ("xai", "chat_completions"): (*_DETAILS_OF_IMAGES, _LOGPROBS),
    ("bedrock", "chat_completions"): _DETAILS_OF_MEDIA,
    ("deepseek", "chat_completions"): (*_DETAILS_OF_MEDIA, _REFUSAL),
    ("groq", "chat_completions"): (*_DETAILS_OF_MEDIA, _REFUSAL),
    ("huggingface", "chat_completions"): _DETAILS_OF_MEDIA,
    **{
        (name, "chat_completions"): (
            *_DETAILS_OF_MEDIA,
            "usage.completion_tokens_details",
            _REFUSAL,
            _LOGPROBS,
        )
        for name in ("fireworks", "mistral", "perplexity")
    },
    ("together", "chat_completions"): (*_DETAILS_OF_MEDIA, "usage.completion_tokens_details", _REFUSAL),
    **{(name, "response"): _RESPONSE for name in ("deepseek", "xai")},
    ("vertex", "generate_content"): ("candidates[].index",),
    ("openrouter", "response"): _RESPONSE[:1],
}
