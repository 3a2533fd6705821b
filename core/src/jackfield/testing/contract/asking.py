"""Requests: what is asked arrives as it was meant, and what cannot be asked is refused here."""

from __future__ import annotations

from typing import Any

from jackfield.capability import Capability
from jackfield.errors import InvalidRequest, JackfieldError, Unsupported
from jackfield.jsontext import dumps, loads
from jackfield.options import OPTIONS
from jackfield.profile import OptionRule
from jackfield.testing.answers import ANSWER, PROMPT, SCRIPTS
from jackfield.testing.rules import among, expect, rule, same, unmet
from jackfield.testing.subject import Subject
from jackfield.types import CachePoint, Message, Text

# A value for each option; bounds of the provider's own are kept to.
VALUES: dict[str, Any] = {
    "max_tokens": 64,
    "temperature": 0.5,
    "top_p": 0.5,
    "top_k": 3,
    "stop": ["END"],
    "frequency_penalty": 0.5,
    "presence_penalty": 0.5,
}
SAMPLES: dict[str, Any] = {
    **VALUES,
    "seed": 7,
    "n": 2,
    "logprobs": True,
    "top_logprobs": 2,
    "parallel_tool_calls": False,
    "reasoning": "low",
    "verbosity": "low",
    "user": "kit",
    "metadata": {"kit": "1"},
    "service_tier": "auto",
    "store": False,
}


# Two mean something only beside others; what is false is another rule's.
ALONE = {
    name: value or True
    for name, value in SAMPLES.items()
    if name not in {"top_logprobs", "parallel_tool_calls"}
}


class Asking:
    """Rules about requests."""

    @rule("bronze", "a question that arrives otherwise is another question", "mend the wire", Capability.CHAT)
    def test_a_question_arrives(self, subject: Subject) -> None:
        """A prompt is read by the server half as it was asked."""
        subject.ask(PROMPT)
        same([("user", PROMPT)], _turns(subject.stage.request), "the turns that arrived")

    @rule(
        "bronze",
        "a system prompt that is lost changes every answer",
        "render it where the vendor takes it, or state `system_prompt` as unsupported",
        Capability.SYSTEM_PROMPT,
    )
    def test_a_system_prompt_arrives(self, subject: Subject) -> None:
        """A system prompt arrives as one, ahead of the question."""
        subject.ask(system="Be brief.", needs=(Capability.SYSTEM_PROMPT,))
        same([("system", "Be brief."), ("user", PROMPT)], _turns(subject.stage.request), "the turns")

    @rule(
        "bronze",
        "the order of turns is what makes a conversation",
        "render turns in order; join only neighbours of one role",
        Capability.CHAT,
    )
    def test_turns_arrive_in_order(self, subject: Subject) -> None:
        """Turns of user and model keep their order and roles."""
        turns = [Message("user", "one"), Message("assistant", "two"), Message("user", "three")]
        subject.ask(turns)
        expected = [("user", "one"), ("assistant", "two"), ("user", "three")]
        same(expected, _turns(subject.stage.request), "the turns that arrived")

    @rule(
        "bronze",
        "people write in every script, and paste whole books",
        "encode bodies as UTF-8 JSON, and cut nothing",
        Capability.CHAT,
    )
    def test_any_script_and_length_arrives(self, subject: Subject) -> None:
        """Scripts, emoji and 100 kB of text arrive unchanged, and so does an answer in them."""
        long = SCRIPTS + "x" * 100_000
        answer = subject.ask(long)
        same(long, subject.stage.request.messages[-1].text, "the prompt")
        expect(answer.text, "no text came back")

    @rule(
        "bronze",
        "an option that is dropped in silence is an answer nobody asked for",
        "give the option its name in the wire's table, or refuse it under [options]",
        Capability.CHAT,
    )
    def test_options_arrive(self, subject: Subject) -> None:
        """Every option the model takes is read by the server half with the value that was set."""
        model = subject.model()
        renamed = {old for quirk in subject.profile.quirks for old in quirk.get("rename", ())}
        for name, value in ALONE.items():
            if not subject.takes(name, model):
                continue
            value = _within(value, *subject.bounds(name, model))
            if (name, value) == ("n", 1):
                continue  # one answer is what everybody gets
            subject.ask(**{name: value})
            expected = tuple(value) if isinstance(value, list) else value
            found = subject.stage.request.options.get(name)
            if name in renamed:
                among(dumps(value), subject.stage.calls[-1].body, "the body")
            elif name != "reasoning" or not found:  # formats have other steps of reasoning, and fewer
                same(expected, found, f"option `{name}`")

    @rule(
        "bronze",
        "0 is a choice, and the most common one: it is not the same as saying nothing",
        "test options with `is None` or for being there, never for being true",
        Capability.CHAT,
    )
    def test_zero_stays_zero(self, subject: Subject) -> None:
        """A temperature of 0 arrives as 0."""
        model = subject.model()
        low, _ = subject.bounds("temperature", model)
        if subject.takes("temperature", model) and not low:
            subject.ask(temperature=0)
            same(0, subject.stage.request.options.get("temperature"), "option `temperature`")

    @rule(
        "bronze",
        "what a provider does not take must be told before it is paid for",
        "state under [options] what becomes of it",
        Capability.CHAT,
    )
    def test_options_it_does_not_take_are_refused_or_told(self, subject: Subject) -> None:
        """An option ruled out is refused with nothing sent, or left out with a warning where it is ignored."""
        model = subject.model()
        for name, ruled in subject.bind(model).rules.items():
            if name in SAMPLES and name in OPTIONS and not ruled.support.usable:
                _ruled_out(subject, name, ruled)

    @rule(
        "bronze",
        "a value out of range costs a call to find out",
        "state `minimum` and `maximum` under [options]",
        Capability.CHAT,
    )
    def test_options_out_of_range_are_refused(self, subject: Subject) -> None:
        """A value above the most, or a limit of no tokens, is refused with nothing sent."""
        model = subject.model()
        for name in OPTIONS:
            _, high = subject.bounds(name, model)
            if high is not None and subject.takes(name, model):
                _refused(subject, InvalidRequest, **{name: int(high) + 1})
        if subject.takes("max_tokens", model):
            _refused(subject, InvalidRequest, max_tokens=0)

    @rule(
        "bronze",
        "a misspelt option must not be taken for one that was honoured",
        "nothing to be done in the provider",
        Capability.CHAT,
    )
    def test_unknown_options_are_refused(self, subject: Subject) -> None:
        """An option nobody has is refused, with nothing sent."""
        _refused(subject, InvalidRequest, no_such_option=1)

    @rule(
        "bronze",
        "what a vendor adds today must be usable today",
        "add `request.extra` to the body, at last",
        Capability.CHAT,
    )
    def test_fields_of_its_own_are_sent(self, subject: Subject) -> None:
        """A field in `extra` is in the body that is sent."""
        try:
            subject.ask(PROMPT, ANSWER, extra={"x_kit_field": {"deep": 1}})
        except JackfieldError:
            expect(subject.stage.calls, "nothing was sent")  # its own server half may refuse the field
        among("x_kit_field", str(loads(subject.stage.calls[0].body)), "the body")

    @rule(
        "silver",
        "cache points are for providers that have a cache: others must not stumble over them",
        "leave them out with a warning, or state `prompt_cache`",
        Capability.CHAT,
    )
    def test_cache_points_do_no_harm(self, subject: Subject) -> None:
        """A cache point is sent or left out; the question arrives."""
        subject.ask([Message("user", (Text(PROMPT), CachePoint())), Message("user", "Now.")])
        among(PROMPT, "\n".join(message.text for message in subject.stage.request.messages), "the turns")


def _turns(request: Any) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in request.messages]


def _within(value: Any, low: float | None, high: float | None) -> Any:
    if isinstance(value, int | float):
        value = value if low is None or value >= low else low
        value = value if high is None or value <= high else high
    return value


def _refused(subject: Subject, error: type[JackfieldError], **options: Any) -> None:
    name = next(iter(options))
    try:
        subject.ask(PROMPT, ANSWER, **options)
    except error as exc:
        among(name, str(exc), "the error")
    except JackfieldError as exc:
        unmet(f"{options} raises {type(exc).__name__}, not {error.__name__}")
    else:
        unmet(f"{options} was sent")
    same([], subject.stage.calls, "calls sent")


def _ruled_out(subject: Subject, name: str, ruled: OptionRule) -> None:
    if OPTIONS[name].shapes_answer and not ruled.ignored:
        _refused(subject, Unsupported, **{name: SAMPLES[name]})
        return
    answer = subject.ask(PROMPT, ANSWER, **{name: SAMPLES[name]})
    told = [notice for notice in answer.warnings if name in notice.message]
    expect(told, f"`{name}` is left out without a word")
    expect(name not in subject.stage.request.options, f"`{name}` was sent")
