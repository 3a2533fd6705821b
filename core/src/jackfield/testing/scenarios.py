"""What `jackfield record` asks of a provider: one scenario a cassette, each for one thing it says that it can."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from jackfield.capability import Capability
from jackfield.client import Client
from jackfield.errors import ErrorInfo, JackfieldError, Malformed
from jackfield.profile import Model, Profile
from jackfield.types import Message, ToolResult

PROMPT: Final = "Name three rivers."
LIMIT: Final = 300
MISSING: Final = "no-such-model"


@frozen
class Scenario:
    """One thing to record: what it needs, what is asked, and about how many tokens that takes."""

    capability: Capability
    says: str
    ask: Callable[[Client, str], object]
    mode: str = "chat"
    calls: int = 1
    input: int = 30
    output: int = LIMIT


def weather(city: str) -> str:
    """The weather in a city."""
    return f"sun in {city}"


_QUESTION: Final = "What is the weather in Bern? Use the tool."
_RIVER: Final[Mapping[str, Any]] = {
    "title": "river",
    "type": "object",
    "properties": {"name": {"type": "string"}, "kilometres": {"type": "integer"}},
    "required": ["name", "kilometres"],
    "additionalProperties": False,
}


def _complete(client: Client, model: str) -> None:
    client.complete(model, PROMPT, max_tokens=LIMIT, max_retries=0)


def _stream(client: Client, model: str) -> None:
    with client.stream(model, PROMPT, max_tokens=LIMIT, max_retries=0) as stream:
        stream.completion()


def _tools(client: Client, model: str) -> None:
    """A call, and the answer to its result: what must go back goes back."""
    answer = client.complete(model, _QUESTION, tools=[weather], max_tokens=LIMIT, max_retries=0)
    if not answer.tool_calls:
        msg = "the model did not call the tool"
        raise Malformed(ErrorInfo("protocol", msg, hint="record again, or choose another model"))
    results = (Message("tool", ToolResult(call.id, "sun in Bern")) for call in answer.tool_calls)
    turns = [Message("user", _QUESTION), answer.message, *results]
    client.complete(model, turns, tools=[weather], max_tokens=LIMIT, max_retries=0)


def _tools_stream(client: Client, model: str) -> None:
    with client.stream(model, _QUESTION, tools=[weather], max_tokens=LIMIT, max_retries=0) as stream:
        stream.completion()


def _structured(client: Client, model: str) -> None:
    client.complete(model, "The longest river of Switzerland.", into=_RIVER, max_tokens=LIMIT, max_retries=0)


def _error(client: Client, model: str) -> None:
    """What the provider says of a model that it has not."""
    name = f"{model.partition('/')[0]}/{MISSING}"
    try:
        client.complete(name, PROMPT, max_tokens=LIMIT, max_retries=0)
    except JackfieldError as exc:
        if exc.info.status is None:
            raise  # it was not the provider who failed
        return
    msg = f"`{name}` answers: this provider takes any model's name"
    raise Malformed(ErrorInfo("protocol", msg, hint="leave `error` out: name the others with `-s`"))


def _rerank(client: Client, model: str) -> None:
    client.rerank(model, "Where does the Aare rise?", ["At the Grimsel.", "Bern is a town."], max_retries=0)


# Scenario -> what it is. The name is that of the cassette's file.
SCENARIOS: Final[Mapping[str, Scenario]] = {
    "completion": Scenario(Capability.CHAT, "a plain question", _complete),
    "stream": Scenario(Capability.STREAMING, "the same, streamed", _stream),
    "tools": Scenario(
        Capability.TOOLS, "a tool called, and its result given back", _tools, calls=2, input=200
    ),
    "tools_stream": Scenario(Capability.TOOLS, "a tool called, streamed", _tools_stream, input=100),
    "structured": Scenario(Capability.JSON_SCHEMA, "an answer held to a schema", _structured, input=100),
    "error": Scenario(Capability.CHAT, "a model that does not exist", _error, input=0, output=0),
    "embedding": Scenario(
        Capability.EMBEDDINGS, "one vector", lambda client, model: client.embed(model, "Aare", max_retries=0), "embedding", output=0
    ),
    "rerank": Scenario(Capability.RERANK, "two documents put in order", _rerank, "rerank", output=0),
    "moderation": Scenario(
        Capability.MODERATION, "one text judged", lambda client, model: client.moderate(model, "Aare", max_retries=0), "moderation", output=0
    ),
    "count": Scenario(
        Capability.COUNT_TOKENS, "tokens counted", lambda client, model: client.count_tokens(model, PROMPT, max_retries=0), output=0
    ),
    "models": Scenario(
        Capability.LIST_MODELS,
        "the list of models",
        lambda client, model: client.list_models(model.partition("/")[0], max_retries=0),
        input=0,
        output=0,
    ),
}  # fmt: skip


def example(profile: Profile, scenario: Scenario) -> Model | None:
    """The first listed model that can do it and is not about to go; nothing if none can."""
    able = [model for model in profile.models if _can(profile, scenario, model)]
    fresh = [model for model in able if model.deprecated is None]
    return next(iter((*fresh, *able)), None)


def _can(profile: Profile, scenario: Scenario, model: Model) -> bool:
    return model.mode == scenario.mode and profile.supports(scenario.capability, model.id).usable


def possible(profile: Profile) -> Iterator[tuple[str, Model]]:
    """The scenarios a provider can play, each with a model to ask."""
    for name, scenario in SCENARIOS.items():
        model = example(profile, scenario)
        if model is not None:
            yield name, model
