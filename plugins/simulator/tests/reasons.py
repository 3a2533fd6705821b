"""Why an answer of the simulator may differ from the recorded one: one line for each class of difference."""

from __future__ import annotations

import re
from itertools import groupby

from replayed import Outcome, has_package
from shapes import conflicts, missing

# -- keys that are not made up -------------------------------------------------------------------------

SUCCESS = (
    (
        (
            r"server_tool|executed_tools|toolResult|\.action|executableCode|codeExecution|urlContext|namespace"
            r"|toolUsePrompt|tools\[\]\.(tools|container)|output\[\]\.(queries|results|code|container_id|outputs)"
            r"|content(_block|\[\])\.(content|id|input|name|tool_use_id|is_error|server_name)|delta\.partial_json"
            r"|server_side_tool|toolUse\.type"
        ),
        "a tool that the provider runs itself was not run",
    ),
    (
        r"delta\.citation|groundingMetadata|sources\[\]|retrievalMetadata",
        "what a source holds of a search that was not made",
    ),
    (r"[gG]uardrail|^trace|content_filter|moderation|safetyRatings", "what a filter found that did not run"),
    (r"reasoning_details|generate_summary", "how one model's thoughts are sealed"),
    (r"finishMessage|matched_stop", "words of one model about why it ended"),
    (r"^data\[\]\.url$", "pictures are told in full, never by address"),
)
FAILED = (
    (r"^error\b|^status$", "what one failure tells besides"),
    (r"", "the end of an answer that broke off"),
)
CATALOGUE = "facts of one catalogue"
STREAMED_SOUND = "what is heard is told at once, never in a stream"

# -- events in another order ---------------------------------------------------------------------------

ORDERS = (
    (r"ping", "pings come by the clock"),
    (r"DONE", "some models of this host end without a mark"),
    (r"item", "two items are told at a time"),
    (r"tool-call-delta", "a call without arguments has no delta"),
    (r"tool-plan|content-|citation", "a text is told in pieces between its sources"),
    (r"contentBlock", "an empty block"),
)

# -- what is not asked here ----------------------------------------------------------------------------

SURFACES = (
    (r"^/v1/(complete|completions|generate)$", "completions of old, without turns"),
    (r"^/v1/(chat|embed|rerank)$", "the first version of this API"),
    (r"^/api/(generate|embeddings)$", "completions of old, without turns"),
    (
        r"cachedContents|interactions|operations|videos|/ocr$|organization|pipeline/|api/models",
        "not one of our operations",
    ),
    (r"^/models$|^/?$", "no path of this provider"),
)
STATUSES = ((r"^/v1/batches$", "a batch that gets its requests later"),)


def reason(outcome: Outcome) -> str | None:
    """Why an answer differs; ``""`` where it does not, ``None`` where nobody knows why."""
    path = outcome.exchange.uri.partition("://")[2].partition("/")[2].partition("?")[0]
    if outcome.given is None:
        return _listed(SURFACES, f"/{path}")
    if outcome.given.status != outcome.recorded.status:
        return _listed(STATUSES, f"/{path}")
    lacking = missing(outcome.recorded, outcome.given) + conflicts(outcome.recorded, outcome.given)
    if not lacking:
        return _order(outcome)
    reasons = [_lacking(outcome, key) for key in lacking]
    return None if None in reasons else min(filter(None, reasons))


def _lacking(outcome: Outcome, key: str) -> str | None:
    if outcome.recorded.status >= 400 or "error_in_stream" in outcome.exchange.id:
        return _listed(FAILED, key)
    if outcome.operation == "models":
        return CATALOGUE
    if outcome.operation == "transcribe" and outcome.recorded.events:
        return STREAMED_SOUND
    return _listed(SUCCESS, key)


def _order(outcome: Outcome) -> str | None:
    """Why events come in another order."""
    assert outcome.given is not None
    recorded, given = outcome.recorded.events, outcome.given.events
    if recorded == given:
        return ""
    if _calm(recorded) == _calm(given):
        return ORDERS[0][1]
    return _listed(ORDERS[1:], " ".join(sorted(set(recorded) ^ set(given))) or " ".join(recorded[:-1]))


def _calm(events: tuple[str, ...]) -> list[str]:
    return [kind for kind, _ in groupby(event for event in events if event != "ping")]


def _listed(table: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((why for pattern, why in table if re.search(pattern, text)), None)


def grade(outcome: Outcome) -> str:
    """How close an answer comes."""
    why = reason(outcome)
    if why == "":
        return "same"
    if why is None:
        return "differs"
    if outcome.given is None:
        return "not ours"
    lacking = missing(outcome.recorded, outcome.given) + conflicts(outcome.recorded, outcome.given)
    return "same keys" if not lacking else "listed"


def owner(outcome: Outcome) -> str:
    """The provider whose package answers; hosts without one are told apart."""
    return outcome.provider if has_package(outcome.exchange) else f"({outcome.exchange.provider})"
