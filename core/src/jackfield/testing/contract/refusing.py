"""What a provider cannot do is refused before a byte is sent, in words that help; and is asked live, if wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jackfield.capability import Capability, Support
from jackfield.client import Client
from jackfield.errors import JackfieldError, Unsupported
from jackfield.testing.answers import DOINGS, MEDIA, PROMPT, SCHEMA, WEATHER
from jackfield.testing.rules import expect, rule, same, unmet
from jackfield.testing.subject import Subject
from jackfield.types import Message, Text

Ask = Callable[[Client, str], Any]


def _with(**options: Any) -> Ask:
    return lambda client, name: client.complete(name, PROMPT, **options)


def _media(capability: Capability) -> Ask:
    media: Any = MEDIA[capability][0]
    turn = [Message("user", (Text(PROMPT), media))]
    return lambda client, name: client.complete(name, turn)


def _parallel(client: Client, name: str) -> Any:
    """Tools go along where there are any."""
    tools = [] if Capability.TOOLS in client.bind(name).refused else [WEATHER]
    return client.complete(name, PROMPT, tools=tools, parallel_tool_calls=True)


def _chosen(client: Client, name: str) -> Any:
    return client.complete(name, PROMPT, tools=[WEATHER], tool_choice="required")


# How each capability is asked for. What is not here cannot be asked for, and so cannot be refused.
ASKED: Mapping[Capability, Ask] = {
    Capability.STREAMING: lambda client, name: list(client.stream(name, PROMPT)),
    Capability.SYSTEM_PROMPT: _with(system="Be brief."),
    Capability.TOOLS: _with(tools=[WEATHER]),
    Capability.PARALLEL_TOOLS: _parallel,
    Capability.TOOL_CHOICE: _chosen,
    Capability.JSON_MODE: _with(into=dict),
    Capability.JSON_SCHEMA: _with(into=SCHEMA),
    Capability.REASONING: _with(reasoning="low"),
    Capability.LOGPROBS: _with(logprobs=True),
    **{capability: _media(capability) for capability in MEDIA},
    **{doing.capability: doing.ask for doing in reversed(list(DOINGS.values()))},
}


def refusals(subject: Subject) -> list[tuple[Capability, str]]:
    """What must be refused, with the model that is asked."""
    return [(capability, model) for capability, model in subject.cannot if capability in ASKED]


class Refusing:
    """Rules about what a provider cannot do."""

    @rule(
        "bronze",
        "what cannot be done must be told before it is paid for, and before an answer is taken for one",
        "nothing to be done, unless a hook or wire of its own goes round the plan",
    )
    def test_what_it_cannot_do_is_refused(self, subject: Subject, refused: tuple[Capability, str]) -> None:
        """Asking for it raises `Unsupported` with nothing sent, and the words name another way."""
        capability, model = refused
        subject.stage.play(subject.bind(model).wire)
        try:
            ASKED[capability](subject.client, subject.named(model))
        except Unsupported as exc:
            expect(exc.info.hint, "the error names no other way")
        except JackfieldError as exc:
            unmet(f"it raises {type(exc).__name__}: {exc.summary}")
        else:
            unmet("it was sent")
        same([], subject.stage.calls, "calls sent")

    @rule(
        "gold",
        "vendors add what they could not: a stale `cannot` hides it from everybody",
        "state what it can now, and run the contract again",
    )
    def test_what_it_cannot_do_is_still_so(self, subject: Subject, probed: tuple[Capability, str]) -> None:
        """Asked live, with the refusal lifted, the provider refuses it too (`--probe`; this costs money)."""
        capability, model = probed
        found = accepted(Client(), subject.named(model), capability)
        expect(not found, f"`{subject.profile.name}` now accepts `{capability}`")


def accepted(client: Client, name: str, capability: Capability) -> bool:
    """Whether a provider takes what its profile says it cannot do."""
    binding = client.bind(name)
    lifted = {**binding.capabilities, capability: Support.UNKNOWN}
    client._bound[name] = binding.evolve(capabilities=lifted)  # the client's own table: the refusal is lifted
    try:
        ASKED[capability](client, name)
    except JackfieldError:
        return False
    return True
