"""What the shared wires have in common here: their calls go to another place, and failures get a hint.

The seams are those of every wire: what it renders is put in its place, what it reads has its model in the
path. Nothing of any format is written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from attrs import frozen

from jackfield.errors import ErrorInfo
from jackfield.plugin import Call, Dialect, Reply
from jackfield.types import Request
from jackfield.wire.operation import Operation, Operations, Steps, Verbs
from jackfield_azure_openai.surface import Resource, Surface, with_model

# What a code leaves open, by the code; 2026-11.
HINTS: Mapping[str, str] = {
    "DeploymentNotFound": (
        "what follows the slash is the name of a deployment, or of a model that `deployments` gives one;"
        " a new deployment takes some minutes to be found"
    ),
    "401": "a key belongs to one resource: check that endpoint and key are of the same",
    "PermissionDenied": "the identity needs a role on the resource, such as `Cognitive Services OpenAI User`",
    "AuthenticationTypeDisabled": "keys are switched off for this resource: choose a `credential`",
    "404": "check the endpoint, `api` and `api_version`",
    "content_filter": "a content filter of the resource declined it; `raw` tells which category",
    "RateLimitReached": (
        "the limits are the deployment's; a prompt that is longer than its tokens per minute never passes"
    ),
}


class Located:
    """A mixin before a shared wire."""

    # The methods above it in the order of resolution are those of the wire, which a mixin cannot name.

    def __init__(self, dialect: Dialect, surface: Surface | None = None) -> None:
        super().__init__(dialect)  # type: ignore[call-arg]
        self.surface: Surface = surface or Resource()
        self._placed_operations: Operations | None = None

    def render_completion(self, request: Request, stream: bool) -> Call:
        """The call that asks for a completion, at its place."""
        deployment = self.surface.deployment(request.model)
        if deployment != request.model:
            request = attrs.evolve(request, model=deployment)
        call: Call = super().render_completion(request, stream)  # type: ignore[misc]
        return self.surface.placed(call, deployment)

    def operations(self) -> Operations:
        """What the format can carry besides, at its places."""
        if self._placed_operations is None:
            found: Operations = super().operations()  # type: ignore[misc]
            self._placed_operations = {
                name: Elsewhere(one, self.surface) for name, one in found.items() if self.surface.offers(name)
            }
        return self._placed_operations

    def read_completion(self, call: Call) -> tuple[Request, bool]:
        """The request a call asks; its path may name the model."""
        found: tuple[Request, bool] = super().read_completion(with_model(call))  # type: ignore[misc]
        return found

    def parse_error(self, reply: Reply) -> ErrorInfo:
        """What a reply that is not a success says, and what may be done about it."""
        info: ErrorInfo = super().parse_error(reply)  # type: ignore[misc]
        return info.where(hint=HINTS.get(info.code or "", ""))


@frozen
class Elsewhere:
    """An operation whose calls go to another place."""

    inner: Operation
    surface: Surface

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """The exchanges of the operation; a deployment in their paths stands in braces."""
        return tuple(map(self._moved, self.inner.exchanges))

    def ask(self, request: Any) -> Steps[Any]:
        """The calls that lead to the answer, each at its place."""
        request, deployment = self._deployed(request)
        steps = self.inner.ask(request)
        reply: Any = None
        while True:
            try:
                call = steps.send(reply)
            except StopIteration as stop:
                return stop.value
            reply = yield self.surface.placed(call, deployment)

    def _deployed(self, request: Any) -> tuple[Any, str]:
        """The request with the deployment for its model, and that deployment."""
        model = getattr(request, "model", "")
        deployment = self.surface.deployment(model)
        if deployment == model or isinstance(
            request, Request
        ):  # the wire that renders it sees to a completion
            return request, deployment
        return attrs.evolve(request, model=deployment), deployment

    def _moved(self, verbs: Verbs[Any, Any]) -> Verbs[Any, Any]:
        def render(request: Any) -> Call:
            request, deployment = self._deployed(request)
            return self.surface.placed(verbs.render(request), deployment)

        def read(call: Call) -> Any:
            return verbs.read(with_model(call))

        path = self.surface.placed(Call(verbs.method, verbs.path), "{deployment}").path
        return attrs.evolve(verbs, path=path, render=render, read=read)
