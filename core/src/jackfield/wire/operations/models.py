"""Which models there are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield.types import ModelInfo, ModelList, ModelsRequest
from jackfield.wire.call import Call, Reply, Segment
from jackfield.wire.operation import Steps
from jackfield.wire.operations.codec import Codec, counted, listed, moment, said, seconds, written
from jackfield.wire.replies import json_body

MOST_PAGES = 100

# What providers call the same two figures.
CONTEXT = ("context_length", "context_window", "max_context_length", "max_model_len", "max_input_tokens")
MAX_OUTPUT = ("max_output_tokens", "max_completion_tokens", "max_output_length")


class Models(Codec[ModelsRequest, ModelList]):
    """``GET models``: an object with a list, or the bare list."""

    name: ClassVar[str] = "models"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("models",)

    def render(self, request: ModelsRequest) -> Call:
        """The call that asks."""
        call = self.call()
        call.query = tuple((name, str(value)) for name, value in request.extra.items())
        return call

    def parse(self, reply: Reply) -> ModelList:
        """The models of a reply."""
        body = json_body(reply)
        entries = body if isinstance(body, list) else _entries(self.answer(reply))
        return ModelList(tuple(info(entry) for entry in entries if isinstance(entry, dict)), raw=body)

    def read(self, call: Call) -> ModelsRequest:
        """The request a call asks."""
        return ModelsRequest(dict(call.query))

    def write(self, answer: ModelList) -> Reply:
        """The reply that lists them."""
        return written({"object": "list", "data": [_entry(model) for model in answer.models]})


class PagedModels(Codec[ModelsRequest, ModelList]):
    """A list that comes page after page: ``parse`` reads one, ``following`` says how the next is asked for."""

    @abstractmethod
    def following(self, body: dict[str, Any]) -> dict[str, str]:
        """What to add to the request for the next page; nothing after the last."""

    def ask(self, request: ModelsRequest) -> Steps[ModelList]:
        """All pages."""
        found: list[ModelInfo] = []
        raw: list[Any] = []
        for _ in range(MOST_PAGES):
            page = self.parse((yield self.render(request)))
            found += page.models
            raw.append(page.raw)
            more = self.following(page.raw)
            if not more:
                break
            request = ModelsRequest({**request.extra, **more})
        return ModelList(tuple(found), raw=raw[0] if len(raw) == 1 else raw)


def _entries(body: dict[str, Any]) -> list[Any]:
    """The entries of a list; what describes one model is a list of one."""
    return (
        [body] if isinstance(body.get("id"), str) and "data" not in body else listed(body, "data", "models")
    )


def info(entry: Mapping[str, Any]) -> ModelInfo:
    """What one entry says, under whichever names."""
    best = entry.get("top_provider")
    inner = best if isinstance(best, dict) else {}
    return ModelInfo(
        said(entry, "id", "model_name", "name"),
        said(entry, "display_name", "name") or None,
        moment(entry.get("created") or entry.get("created_at")),
        said(entry, "owned_by", "organization", "owner") or None,
        counted(entry, *CONTEXT),
        counted(entry, *MAX_OUTPUT) or counted(inner, *MAX_OUTPUT),
        dict(entry),
    )


def _entry(model: ModelInfo) -> dict[str, Any]:
    entry = {
        "id": model.id,
        "object": "model",
        "created": seconds(model.created) or 0,
        "owned_by": model.owner or "",
        "name": model.name,
        "context_length": model.context,
        "max_completion_tokens": model.max_output,
    }
    return {name: value for name, value in entry.items() if value is not None}
