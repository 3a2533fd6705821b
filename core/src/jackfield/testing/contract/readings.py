"""Recorded exchanges, read by the wires of a provider: which speaks them, and what it would say otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import evolve, frozen

from jackfield.client import Binding
from jackfield.errors import JackfieldError
from jackfield.events import Failed
from jackfield.jsontext import loads
from jackfield.profile import Quality
from jackfield.testing.matching import is_volatile, of_headers, places
from jackfield.testing.rules import expect, unmet
from jackfield.testing.subject import Subject
from jackfield.testing.tape import Interaction
from jackfield.types import Request
from jackfield.wire import Call, Headers, Reply
from jackfield.wire.operation import exchange_for


@frozen
class Reading:
    """A recorded exchange as one binding reads it: what it would send otherwise, and how it parses the answer."""

    binding: Binding
    parse: Callable[[Reply], Any]
    differences: tuple[str, ...]
    streams: bool = False


def reading_of(subject: Subject, scenario: str, one: Interaction) -> Reading:
    """The reading that differs least from what was recorded; there are as many as models, wires and operations."""
    call = _call(one)
    best: Reading | None = None
    for binding in _bindings(subject, scenario, one, call):
        for found in _readings(binding, one, call):
            if not found.differences:
                return found
            if best is None or len(found.differences) < len(best.differences):
                best = found
    if best is None:
        unmet(f"no wire of the provider has {one.method} {urlsplit(one.uri).path}")
    return best


def _bindings(subject: Subject, scenario: str, one: Interaction, call: Call) -> Iterator[Binding]:
    """Every model that may have been asked, over every wire."""
    asked = one.asked if isinstance(one.asked, dict) else {}
    settings = subject.tapes[scenario].settings
    path = unquote(urlsplit(one.uri).path)
    step = re.search(r"models?/([^:]+?)(?::|/|$)", path)
    in_path = [model.id for model in subject.profile.models if model.id in path]
    names = [asked.get("model"), *sorted(in_path, key=len, reverse=True), step and step[1], subject.model()]
    for model in dict.fromkeys(str(name) for name in names if name):
        for wire in ("", *subject.profile.wires):
            try:
                yield subject.bind(model, subject.client_of(wire, settings))
            except JackfieldError:
                continue  # not over this wire


def _readings(binding: Binding, one: Interaction, call: Call) -> Iterator[Reading]:
    """What a binding makes of a call: a completion, and the exchange whose path it has."""
    wire = binding.wire
    try:
        request, stream = wire.read_completion(call)
        again = wire.render_completion(_of(request, binding), stream)
        yield Reading(
            binding,
            lambda reply: _answer(binding, reply),
            tuple(_differences(one, call, again, binding.profile.quality)),
            stream,
        )
    except JackfieldError:
        pass  # it is no completion
    for operation in wire.operations().values():
        exchange = exchange_for({"": operation}, call)
        if exchange is not None:
            try:
                rendered: Call = exchange.render(exchange.read(call))
            except JackfieldError:
                continue  # another operation at the same path
            yield Reading(
                binding, exchange.parse, tuple(_differences(one, call, rendered, binding.profile.quality))
            )


def _answer(binding: Binding, reply: Reply) -> None:
    events, _ = binding.wire.parse_completion(reply)
    expect(events and not isinstance(events[-1], Failed), f"it is no answer: {events[-1:]}")


def _differences(one: Interaction, call: Call, again: Call, quality: Quality) -> Iterator[str]:
    """What is sent otherwise than it was recorded: by path, headers and body; hosts are the user's."""
    recorded = [unquote(step) for step in urlsplit(one.uri).path.split("/")]
    sent = [unquote(step) for step in urlsplit(again.url).path.split("/")][-len(again.path) :]
    if one.method != again.method:
        yield f"{one.method} was recorded, not {again.method}"
    if recorded[-len(sent) :] != sent:
        yield f"the path ends in {'/'.join(recorded[-len(sent) :])}, not in {'/'.join(sent)}"
    headers = Headers({name.lower(): value for name, value in again.headers.items()})
    yield from of_headers(one.headers, headers, quality.significant)
    was, now = _body(call), _body(again)
    for place, before, after in places(was, now, ""):
        if not is_volatile(place, quality.volatile):
            yield f"`{place or 'the body'}` was {before!r:.80}, and is {after!r:.80}"


def _call(one: Interaction) -> Call:
    """A recorded request as a call."""
    parts = urlsplit(one.uri)
    steps = tuple(unquote(step) for step in parts.path.split("/") if step)
    base = f"{parts.scheme}://{parts.netloc}"
    return Call(one.method, steps, one.body, Headers(one.headers), tuple(parse_qsl(parts.query)), base)


def _of(request: Request, binding: Binding) -> Request:
    """The request, under the model that is bound where the format does not say one."""
    return request if request.model else evolve(request, model=binding.model.id)


def _body(call: Call) -> Any:
    if not call.body or not call.headers.get("content-type", "application/json").startswith(
        "application/json"
    ):
        return None
    return loads(call.body)


def recorded_streams(subject: Subject) -> Iterator[tuple[Binding, bytes]]:
    """The bodies of all recorded streams, each with the binding that reads it."""
    for scenario, cassette in subject.tapes.items():
        for one in cassette.interactions:
            if one.status < 400 and one.streamed:
                reading = reading_of(subject, scenario, one)
                if reading.streams:
                    yield reading.binding, one.reply_body
