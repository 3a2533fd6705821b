"""What providers say besides what a format demands: fields with nothing to tell, and how they end a stream.

A path is dotted; ``[]`` goes into every item of a list. The last step is set where its parents are there and
it is not. Before a question mark stands which event of a stream it is for, by the end of its type. Seen in
recorded answers, 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Habits = Mapping[str, Any]

_FINGERPRINT: Habits = {"system_fingerprint": "fp_simulated"}
_LOGPROBS: Habits = {"choices[].logprobs": None}
_PREDICTED: Habits = {
    "usage.completion_tokens_details.accepted_prediction_tokens": 0,
    "usage.completion_tokens_details.rejected_prediction_tokens": 0,
}
_INDEXED: Habits = {"choices[].message.tool_calls[].index": 0}
_SAFE = {"filtered": False, "severity": "safe"}
_FILTERED = dict.fromkeys(("hate", "self_harm", "sexual", "violence"), _SAFE)
_FILTERS: Habits = {
    "choices[].content_filter_results": _FILTERED,
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": _FILTERED}],
}
_TIMES = {"queue_time": 0.01, "prompt_time": 0.01, "completion_time": 0.1, "total_time": 0.11}
_CACHED = {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}
_DETAILS = {
    "upstream_inference_cost": 0.0001,
    "upstream_inference_prompt_cost": 0.00005,
    "upstream_inference_completions_cost": 0.00005,
}
_INOUT = {
    "upstream_inference_cost": 0.0001,
    "upstream_inference_input_cost": 0.00005,
    "upstream_inference_output_cost": 0.00005,
}
_FOUND = {
    "title": "A simulated page",
    "url": "https://example.com/simulated",
    "date": "2026-01-01",
    "last_updated": "2026-01-01",
    "snippet": "as was found",
    "source": "web",
}
_TEXT_TOKENS = [{"modality": "TEXT", "tokenCount": 1}]

MESSAGES: Habits = {
    "message?usage.cache_creation": _CACHED,
    "message?usage.service_tier": "standard",
    "message?usage.inference_geo": "global",
    "message?stop_details": None,
    "message.usage.cache_creation": _CACHED,
    "message.usage.service_tier": "standard",
    "message.usage.inference_geo": "global",
    "message.stop_details": None,
    "message_delta?delta.stop_details": None,
    "content[].caller": {"type": "direct"},
    "content_block_start?content_block.caller": {"type": "direct"},
    "usage.output_tokens_details": {"thinking_tokens": 0},
    "content_block_start?content_block.citations": [],
}

RESPONSE: Habits = {
    "completed_at": 1,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
    "max_tool_calls": None,
    "moderation": None,
    "prompt_cache_key": None,
    "prompt_cache_retention": None,
    "safety_identifier": None,
    "service_tier": "default",
    "top_logprobs": 0,
    "user": None,
    "metadata": {},
    "billing": {"payer": "developer"},
    "text.verbosity": "medium",
    "reasoning.context": None,
    "reasoning.mode": None,
    "content_filters": None,
    "output[].phase": "final_answer",
    "output[].summary": [],
    "output[].encrypted_content": "",
    "output[].format": None,
    "tools[].strict": True,
    "tool_usage": {
        "image_gen": {
            "input_tokens": 0,
            "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
            "output_tokens": 0,
            "output_tokens_details": {"image_tokens": 0, "text_tokens": 0},
            "total_tokens": 0,
        },
        "web_search": {"num_requests": 0},
    },
}
# What an answer repeats of its request.
REPEATED = (
    "text",
    "tools",
    "tool_choice",
    "instructions",
    "temperature",
    "top_p",
    "max_output_tokens",
    "metadata",
    "user",
)

# (provider, wire or operation) -> what is said besides. Both parts may be empty, for all.
HABITS: Mapping[tuple[str, str], Habits] = {
    ("", "messages"): MESSAGES,
    ("anthropic", "files.upload"): {
        "type": "file",
        "mime_type": "text/plain",
        "size_bytes": 0,
        "downloadable": False,
    },
    ("", "responses"): {".delta?obfuscation": "", "item.summary": [], "item.phase": "final_answer"},
    ("openai", "chat_completions"): {
        **_FINGERPRINT,
        **_LOGPROBS,
        **_PREDICTED,
        "service_tier": "default",
        "obfuscation": "",
        "choices[].message.annotations": [],
    },
    ("openai", "files.upload"): {"status_details": None},
    ("openai-compatible", "chat_completions"): {**_FINGERPRINT, **_LOGPROBS},
    ("azure-openai", "chat_completions"): {
        **_FINGERPRINT,
        **_LOGPROBS,
        **_PREDICTED,
        **_FILTERS,
        "obfuscation": "",
        "choices[].message.annotations": [],
    },
    ("azure-openai", "responses"): {"response.content_filters": None},
    ("deepseek", "chat_completions"): {
        **_FINGERPRINT,
        **_LOGPROBS,
        **_INDEXED,
        "usage.prompt_cache_hit_tokens": 0,
        "usage.prompt_cache_miss_tokens": 1,
    },
    ("fireworks", "chat_completions"): {
        **_INDEXED,
        "choices[].raw_output": None,
        "choices[].token_ids": None,
        "prompt_token_ids": [1],
        "choices[].message.tool_calls[].name": "",
    },
    ("groq", "chat_completions"): {
        **_FINGERPRINT,
        **_LOGPROBS,
        **{f"usage.{name}": value for name, value in _TIMES.items()},
        "x_groq": {
            "id": "req_simulated",
            "seed": 1,
            "usage": {**_TIMES, "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        },
        "usage_breakdown": None,
        "service_tier": "on_demand",
    },
    ("huggingface", "chat_completions"): {
        **_FINGERPRINT,
        **_LOGPROBS,
        **_INDEXED,
        "choices[].seed": 1,
        "prompt": [],
        "usage.cached_tokens": 0,
    },
    ("mistral", "chat_completions"): {
        "usage.service_tier": "default",
        "chat.completion.chunk?p": "abc",
        "choices[].message.tool_calls[].index": 0,
        "choices[].message.tool_calls": None,
        "choices[].message.content[].closed": True,
    },
    ("mistral", "embed"): {
        "id": "simulated",
        "usage.completion_tokens": 0,
        "usage.request_count": 1,
        "usage.prompt_audio_seconds": None,
        "usage.prompt_token_details": None,
    },
    ("mistral", "transcribe"): {
        "finish_reason": None,
        "usage.completion_tokens": 0,
        "usage.prompt_tokens": 0,
        "usage.prompt_audio_seconds": 1,
        "usage.prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 0},
        "usage.service_tier": None,
    },
    ("mistral", "models"): {
        "data[].type": "base",
        "data[].capabilities": {"completion_chat": True, "function_calling": True, "vision": False},
    },
    ("mistral", "batches.create"): {
        "agent_id": None,
        "error_file": None,
        "metadata": None,
        "output_file": None,
        "outputs": None,
        "started_at": None,
    },
    ("ollama", "ollama"): {"created_at": "2026-01-01T00:00:00Z"},
    ("openrouter", "chat_completions"): {
        **_FINGERPRINT,
        **_LOGPROBS,
        **_INDEXED,
        "provider": "Simulated",
        "service_tier": None,
        "choices[].native_finish_reason": "stop",
        "choices[].message.reasoning": None,
        "choices[].delta.reasoning": None,
        "choices[].delta.reasoning_details": [],
        "usage.cost": 0.0001,
        "usage.is_byok": False,
        "usage.cost_details": _DETAILS,
        "usage.prompt_tokens_details.video_tokens": 0,
    },
    ("openrouter", "responses"): {
        "usage.cost": 0.0001,
        "usage.is_byok": False,
        "usage.cost_details": _INOUT,
        "response.usage.cost": 0.0001,
        "response.usage.is_byok": False,
        "response.usage.cost_details": _INOUT,
    },
    ("openrouter", "embed"): {
        "id": "gen-simulated",
        "provider": "Simulated",
        "usage.cost": 0.0001,
        "usage.is_byok": False,
        "usage.cost_details": _DETAILS,
    },
    ("openrouter", "rerank"): {"id": "gen-simulated", "provider": "Simulated", "usage.cost": 0.0001},
    ("perplexity", "chat_completions"): {
        "citations": ["https://example.com/simulated"],
        "search_results": [_FOUND],
        "usage.search_context_size": "low",
        "usage.cost": {
            "input_tokens_cost": 0.0,
            "output_tokens_cost": 0.0,
            "request_cost": 0.005,
            "total_cost": 0.005,
        },
        "chat.completion.chunk?choices[].message": {"role": "assistant", "content": ""},
        "chat.completion?choices[].delta": {"role": "assistant", "content": ""},
    },
    ("perplexity", "embed"): {"usage.cost": {"input_cost": 0.0, "total_cost": 0.0, "currency": "USD"}},
    ("together", "chat_completions"): {
        **_LOGPROBS,
        "choices[].seed": 1,
        "prompt": [],
        "usage.cached_tokens": 0,
        "choices[].message.tool_calls": [],
        "chat.completion.chunk?choices[].text": "",
        "chat.completion.chunk?choices[].delta.token_id": 1,
        "chat.completion.chunk?choices[].delta.tool_calls": [],
    },
    ("together", "image"): {
        "id": "simulated",
        "model": "simulated",
        "object": "list",
        "data[].index": 0,
        "data[].timings": {"inference": 0.1},
    },
    ("xai", "chat_completions"): {
        **_FINGERPRINT,
        **_PREDICTED,
        "usage.num_sources_used": 0,
        "usage.cost_in_usd_ticks": 1,
        "usage.prompt_tokens_details.text_tokens": 1,
    },
    ("xai", "responses"): {
        "usage.num_sources_used": 0,
        "usage.num_server_side_tools_used": 0,
        "usage.cost_in_usd_ticks": 1,
        "usage.context_details": {"input_tokens": 1, "output_tokens": 1},
        "response.usage.num_sources_used": 0,
        "response.usage.num_server_side_tools_used": 0,
        "response.usage.cost_in_usd_ticks": 1,
        "response.usage.context_details": {"input_tokens": 1, "output_tokens": 1},
    },
    ("xai", "image"): {"data[].mime_type": "image/png", "usage.cost_in_usd_ticks": 1},
    ("gemini", "generate_content"): {
        "usageMetadata.serviceTier": "standard",
        "usageMetadata.thoughtsTokenCount": 0,
    },
    ("vertex", "generate_content"): {
        "createTime": "2026-01-01T00:00:00.000000Z",
        "usageMetadata.trafficType": "ON_DEMAND",
        "usageMetadata.thoughtsTokenCount": 0,
        "usageMetadata.candidatesTokensDetails": _TEXT_TOKENS,
        "candidates[].avgLogprobs": -0.1,
    },
    ("vertex", "count_tokens"): {"totalBillableCharacters": 1},
    ("vertex", "embed"): {"metadata": {"billableCharacterCount": 1}},
    ("bedrock", "converse"): {
        "usage.serverToolUsage": {},
        "usage.cacheReadInputTokens": 0,
        "usage.cacheReadInputTokenCount": 0,
        "usage.cacheWriteInputTokens": 0,
        "usage.cacheWriteInputTokenCount": 0,
    },
    ("bedrock", "chat_completions"): {"service_tier": "default"},
    ("cohere", "rerank"): {"meta.billed_units.search_units": 1},
}
# What stands in every event of a binary stream: its length tells nothing.
PADDING: Mapping[str, str] = {"converse": "abcdefgh", "invoke": "abcdefgh"}

DONE = b"data: [DONE]\n\n"
# How streams end where it is not as the format has it.
ENDINGS: Mapping[tuple[str, str], bytes] = {
    ("perplexity", "chat_completions"): b"",
    ("openrouter", "responses"): DONE,
}
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
# After which event the first ping comes.
PINGS: Mapping[tuple[str, str], bytes] = {
    ("anthropic", "messages"): b"event: content_block_start",
    ("azure-ai", "messages"): b"event: content_block_start",
    ("vertex-anthropic", "messages"): b"event: message_start",
}
TIMED = (
    "total_duration",
    "load_duration",
    "prompt_eval_duration",
    "eval_duration",
)  # nanoseconds, at the end
# What tells reasoning in chat completions, where it is not `reasoning_content`.
REASONING = frozenset({"groq", "openrouter", "together"})
# Who tells the usage at the end of a stream though nobody asked for it.
TELL_USAGE = frozenset(
    {"deepseek", "fireworks", "groq", "huggingface", "openrouter", "together", "perplexity"}
)
# How failures are put, where it is not as the format has it: words, code, status, id of the request.
Failure = Callable[[str, str, int, str], dict[str, Any]]
FAILURES: Mapping[str, Failure] = {
    "xai": lambda words, code, status, name: {"code": code, "error": words},
    "huggingface": lambda words, code, status, name: {"error": words, "error_type": code},
    "together": lambda words, code, status, name: {
        "id": name,
        "error": {"message": words, "type": "invalid_request_error", "param": None, "code": code},
    },
    "openrouter": lambda words, code, status, name: {
        "error": {"message": words, "code": status, "metadata": {}},
        "user_id": "user_simulated",
    },
    "perplexity": lambda words, code, status, name: {
        "error": {"message": words, "type": code, "code": status}
    },
    "mistral": lambda words, code, status, name: (
        {"detail": words}
        if status == 401
        else {
            "object": "error",
            "message": words,
            "type": code,
            "param": None,
            "code": "1300",
            "raw_status_code": status,
        }
    ),
}
