"""What providers say besides what a format demands: fields with nothing to tell, and how they end a stream.

A path is dotted; ``[]`` goes into every item of a list, ``(type)`` into what is of that type alone, ``(role=x)``
into what has that role. The last
step is set where its parents are there and it is not. Before a question mark stands which event of a stream it
is for, by the end of its type. Seen in recorded answers, 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield_simulator.untold import NEVER, UNTOLD, Always

Habits = Mapping[str, Any]

_FINGERPRINT: Habits = {"system_fingerprint": "fp_simulated"}
_LOGPROBS: Habits = {"choices[].logprobs": None}
_PREDICTED: Habits = {
    "usage.completion_tokens_details.accepted_prediction_tokens": 0,
    "usage.completion_tokens_details.rejected_prediction_tokens": 0,
}
_REFUSING: Habits = {"choices[].delta(role=assistant).refusal": None}
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
    "place_metadata": None,
}
_TEXT_TOKENS = [{"modality": "TEXT", "tokenCount": 1}]

# A message, wherever its model runs, at who makes it and its next of kin, and at himself alone.
MESSAGES: Habits = {
    "message?usage.cache_creation": _CACHED,
    "message.usage.cache_creation": _CACHED,
}
_MESSAGES_TIER: Habits = {
    "message?usage.service_tier": "standard",
    "message.usage.service_tier": "standard",
}
_MESSAGES_OWN: Habits = {
    **_MESSAGES_TIER,
    "message?usage.inference_geo": "global",
    "message?usage.output_tokens_details": {"thinking_tokens": 0},
    "message?stop_details": None,
    "message.usage.inference_geo": "global",
    "message.stop_details": None,
    "message_delta?delta.stop_details": None,
    "content[].caller": {"type": "direct"},
    "content_block_start?content_block.caller": {"type": "direct"},
    "content_block_start?content_block.citations": [],
}

_IMAGES_MADE = {
    "input_tokens": 0,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
    "output_tokens": 0,
    "output_tokens_details": {"image_tokens": 0, "text_tokens": 0},
    "total_tokens": 0,
}
# The object of a response, whole or in the events that hold it.
RESPONSE: Habits = {
    "completed_at": 1,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
    "max_tool_calls": None,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "service_tier": "default",
    "top_logprobs": 0,
    "user": None,
    "metadata": {},
    "text.format(json_schema).description": None,
    "text.format(json_schema).strict": True,
    "output[](reasoning).summary": [],
    "output[](reasoning).encrypted_content": "",
    "tools[](function).strict": True,
    "tools[](web_search*).filters": None,
    "tools[](web_search*).search_context_size": "medium",
    "tools[](web_search*).user_location": {
        "type": "approximate",
        "city": None,
        "country": "US",
        "region": None,
        "timezone": None,
    },
    "tools[](file_search).filters": None,
    "tools[](file_search).ranking_options": {"ranker": "auto", "score_threshold": 0.0},
}
# What one vendor says of it besides, wherever its models run.
RESPONSE_BESIDES: Habits = {
    "moderation": None,
    "prompt_cache_retention": None,
    "text.verbosity": "medium",
    "reasoning.context": None,
    "reasoning.mode": None,
    "output[](message).phase": "final_answer",
    "tool_usage": {},
    "tool_usage.image_gen": _IMAGES_MADE,
    "tool_usage.web_search": {"num_requests": 0},
}
_PASSED = {"filtered": False, "detected": False}
_MORE_FILTERED: Habits = {
    "choices[].content_filter_results": {
        **_FILTERED,
        "protected_material_code": _PASSED,
        "protected_material_text": _PASSED,
    },
    "prompt_filter_results": [
        {"prompt_index": 0, "content_filter_results": {**_FILTERED, "jailbreak": _PASSED}}
    ],
}
_OFFSETS = {"check_offset": 0, "end_offset": 1, "start_offset": 0}
_FILTER = {
    "blocked": False,
    "content_filter_offsets": _OFFSETS,
    "content_filter_raw": [],
    "content_filter_results": {
        **_FILTERED,
        "jailbreak": _PASSED,
        "protected_material_code": _PASSED,
        "protected_material_text": _PASSED,
    },
    "source_type": "completion",
}
_CHECKPOINT = {
    f"{name}_ms": 1
    for name in (
        *(f"{part}_{what}" for part in ("engine", "service") for what in ("tbt", "ttft", "ttlt")),
        *("pre_inference", "total_duration", "user_visible_ttft"),
    )
}
_GROK: Habits = {
    "usage.num_sources_used": 0,
    "usage.prompt_tokens_details.text_tokens": 1,
    "chat.completion?usage.audio_prompt_tokens": 0,
    "chat.completion.chunk?usage.cost_in_usd_ticks": 1,
    "chat.completion.chunk?service_tier": "default",
    **_INDEXED,
}
_SPENT = {"completion_tokens": 1, "prompt_tokens": 1, "total_tokens": 2, **_TIMES}
_LETTER = {
    "generatedToken": {"token": "a", "logprob": -0.1, "raw_logprob": -0.1},
    "textRange": {"start": 0, "end": 1},
    "topTokens": None,
}

_BATCH: Habits = dict.fromkeys(
    (
        "cancelled_at",
        "cancelling_at",
        "completed_at",
        "error_file_id",
        "errors",
        "expired_at",
        "failed_at",
        "finalizing_at",
        "in_progress_at",
        "metadata",
    )
)

# (provider, wire or operation) -> what is said besides; no provider is all of them. What stands behind an @ is a
# pattern of path and model. `response` is the object of the responses format.
HABITS: Mapping[tuple[str, str], Habits] = {
    ("", "messages"): MESSAGES,
    ("", "response"): RESPONSE,
    **{(name, f"{wire}@*"): dict.fromkeys(paths, NEVER) for (name, wire), paths in UNTOLD.items()},
    ("anthropic", "messages"): _MESSAGES_OWN,
    ("azure-ai", "messages"): _MESSAGES_TIER,
    ("anthropic", "files.upload"): {
        "created_at": Always("2026-01-01T00:00:00Z"),
        "type": "file",
        "mime_type": "text/plain",
        "size_bytes": 0,
        "downloadable": False,
    },
    ("", "responses"): {
        ".delta?obfuscation": "",
        "item(reasoning).summary": [],
        "item(message).phase": "final_answer",
    },
    ("openai", "chat_completions"): {
        **_FINGERPRINT,
        **_LOGPROBS,
        **_REFUSING,
        **_PREDICTED,
        "service_tier": "default",
        "chat.completion.chunk?obfuscation": "",
        "choices[].message.annotations": [],
    },
    ("openai", "files.upload"): {"status_details": None},
    **{("openai", f"batches.{name}"): _BATCH for name in ("create", "get", "cancel")},
    ("openai-compatible", "chat_completions"): {**_FINGERPRINT, **_LOGPROBS},
    ("azure-openai", "chat_completions"): {
        **_FINGERPRINT,
        **_LOGPROBS,
        **_REFUSING,
        **_PREDICTED,
        **_FILTERS,
        "chat.completion.chunk?obfuscation": "",
        "choices[].message.annotations": [],
    },
    ("azure-openai", "chat_completions@*gpt-5*"): _MORE_FILTERED,
    ("azure-openai", "chat_completions@models/*gpt-5*"): {
        "service_tier": "default",
        "usage.latency_checkpoint": _CHECKPOINT,
    },
    ("azure-openai", "chat_completions@models/*"): {
        "prompt_filter_results": _MORE_FILTERED["prompt_filter_results"]
    },
    ("azure-openai", "chat_completions@*grok*"): _GROK,
    ("azure-openai", "chat_completions@*deepseek*"): {
        **_INDEXED,
        "choices[].delta.tool_calls": None,
        "choices[].matched_stop": None,
        "choices[].stop_reason": None,
        "choices[].message.tool_calls[].function.call_id": None,
        "chat.completion?usage.audio_prompt_tokens": 0,
    },
    ("azure-openai", "chat_completions@*[Kk]imi*"): {"usage.reasoning_tokens": 0},
    ("azure-openai", "response@openai/v1/*"): {
        "content_filters": [_FILTER],
        "tools[](function).output_schema": None,
    },
    ("openai", "response"): {**RESPONSE_BESIDES, "billing": {"payer": "developer"}},
    ("openai", "response@*gpt-4o*"): {"reasoning.generate_summary": None},
    ("bedrock", "response"): {**RESPONSE_BESIDES, "billing": {"payer": "developer"}},
    ("azure-openai", "response"): {
        **RESPONSE_BESIDES,
        "content_filters": None,
        "tools[](function).description": None,
    },
    ("deepseek", "response"): {
        "content_filters": None,
        "moderation": None,
        "prompt_cache_retention": None,
        "text.verbosity": None,
        "output[](message).phase": "final_answer",
    },
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
        "chat.completion?x_groq": {"id": "req_simulated", "seed": 1},
        "chat.completion.chunk?x_groq": {"id": "req_simulated", "seed": 1, "usage": _SPENT},
        "chat.completion?usage_breakdown": None,
        "service_tier": "on_demand",
    },
    ("groq", "chat_completions@*gpt-oss*"): {
        "choices[].delta.channel": "analysis",
        "x_groq.usage.completion_tokens_details": {"reasoning_tokens": 1},
    },
    ("groq", "chat_completions@*llama-4*"): {"usage_breakdown": {"models": None}},
    ("groq", "chat_completions@*compound*"): {
        "usage_breakdown": {"models": [{"model": "simulated", "usage": _SPENT}]},
    },
    ("huggingface", "chat_completions"): {
        **_FINGERPRINT,
        **_LOGPROBS,
        **_INDEXED,
        "choices[].seed": 1,
        "prompt": [],
        "usage.cached_tokens": 0,
    },
    ("huggingface", "chat_completions@novita/*"): {"sla_metrics": {"ts_us": 1, "ttft_ms": 1}},
    ("huggingface", "chat_completions@nebius/*"): {
        **dict.fromkeys(("service_tier", "prompt_logprobs", "choices[].stop_reason")),
        **dict.fromkeys(
            f"choices[].message.{name}" for name in ("audio", "function_call", "reasoning_content")
        ),
        "choices[].message.tool_calls": [],
    },
    ("huggingface", "chat_completions@together/*"): {
        "choices[].message.tool_calls": [],
        "chat.completion.chunk?choices[].text": "",
        "chat.completion.chunk?choices[].delta.token_id": 1,
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
    ("openrouter", "response"): {
        "prompt_cache_options": None,
        "reasoning.context": None,
        "reasoning.mode": None,
        "output[](message).phase": "final_answer",
        "output[](reasoning).format": None,
    },
    ("openrouter", "response@*gpt-oss*"): {"output_text": ""},
    ("openrouter", "models"): {"links": {"next": None}, "total_count": 1},
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
    ("together", "rerank"): {
        "id": "simulated",
        "object": "rerank",
        "usage.prompt_tokens": 1,
        "usage.completion_tokens": 0,
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
    ("gemini", "generate_content@* gemini-[12].[05]-*"): {
        "candidates[].avgLogprobs": -0.1,
        "usageMetadata.candidatesTokensDetails": _TEXT_TOKENS,
    },
    ("gemini", "generate_content@*gemini-3*:streamGenerateContent *"): {
        "candidates[].content": {"role": "model", "parts": [{"text": ""}]},
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
    ("bedrock", "converse@*anthropic.claude-haiku-4*"): {
        "output.message.content[].toolUse.type": "tool_use",
    },
    ("bedrock", "chat_completions"): {"service_tier": "default"},
    ("bedrock", "invoke@*gpt-oss*"): {"service_tier": "default"},
    ("bedrock", "invoke@*amazon.*"): {"amazon-bedrock-trace": {}},
    ("bedrock", "invoke@*arn:*"): {
        "id": "simulated",
        "object": "chat.completion",
        "choices[].logprobs": None,
        "choices[].index": 0,
        "created": 1,
        "model": "simulated",
        "system_fingerprint": "fp_simulated",
        "usage.total_tokens": 2,
    },
    ("bedrock", "invoke@*cohere.command-text*"): {
        "id": "simulated",
        "generations[].id": "simulated",
        "prompt": "",
    },
    ("bedrock", "invoke@*ai21.j2*"): {
        "id": 1,
        "completions[].data.tokens": [_LETTER],
        "prompt": {"text": "", "tokens": [_LETTER]},
    },
    ("cohere", "rerank"): {"meta.billed_units.search_units": 1},
}
