"""Where a call of a route begins: the target that is asked first, for what is shown before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen

from jackfield.errors import MissingCredentials
from jackfield.types.routes import ROUTE

if TYPE_CHECKING:
    from jackfield.client import Binding, Client
    from jackfield.client.prompt import Prompt
    from jackfield.types import Completion


@frozen
class Begun:
    """The model a call begins with, the route it is of, and the options that are sent."""

    binding: Binding
    route: str
    options: Mapping[str, Any]
    missing: str = ""  # why it could not be called: no key is set

    def name(self, completion: Completion) -> str:
        """Who answered: under a route that may be another than the first."""
        return f"{completion.provider}/{completion.model}" if self.route else self.binding.name

    def line(self, completion: Completion) -> str:
        """What the line of figures says of the route."""
        return f" · route {self.route}, attempt {len(completion.attempts)}" if self.route else ""


def begun(
    client: Client, model: str | None, prompt: Prompt, options: Mapping[str, Any], *, keyless: bool = False
) -> Begun:
    """What a call of a model or a route begins with; with ``keyless`` a model needs no key, as nothing is sent."""
    from jackfield.client.hints import without_hints

    name = model or client.settings.default or ""
    sent = without_hints(options)[1]
    if not name.startswith(ROUTE):
        try:
            return Begun(client.bind(model), "", sent)
        except MissingCredentials as exc:
            if not keyless:
                raise
            return Begun(client.pricing(model), "", sent, exc.info.message.partition("\n")[0])
    from jackfield.policy.route import refusal

    decision = client.explain(name, prompt, **options)
    if decision.chosen is None:
        raise refusal(decision).to_exception()
    return Begun(client.bind(decision.chosen.model), decision.route, sent)


def named(client: Client, model: str | None) -> str:
    """The name of a model or a route; what is wrong with it is told."""
    name = model or client.settings.default or ""
    if name.startswith(ROUTE):
        return ROUTE + client.routes.router(name).route.name
    return client.bind(model).name
