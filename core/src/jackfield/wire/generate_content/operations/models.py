"""Which models there are, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield.types import ModelInfo, ModelList, ModelsRequest
from jackfield.wire.call import Call, Reply, Segment
from jackfield.wire.generate_content.operations.exchange import (
    PAGE,
    Exchange,
    listed,
    number,
    paged,
    said,
    word,
    written,
)
from jackfield.wire.operation import Steps


class Models(Exchange[ModelsRequest, ModelList]):
    """``GET models``."""

    name: ClassVar[str] = "models"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("models",)

    def render(self, request: ModelsRequest) -> Call:
        """The call for the first page."""
        return self._page(request, "")

    def _page(self, request: ModelsRequest, token: str) -> Call:
        return self.call(self.path, query={"pageSize": PAGE, "pageToken": token, **request.extra})

    def parse(self, reply: Reply) -> ModelList:
        """The models of one page."""
        return ModelList(tuple(self._parse_page(reply)[0]))

    def _parse_page(self, reply: Reply) -> tuple[list[ModelInfo], str]:
        body = self.answer(reply)
        return [model_info(one) for one in listed(body, "models")], word(body, "nextPageToken")

    def ask(self, request: ModelsRequest) -> Steps[ModelList]:
        """Page after page."""
        found = yield from paged(lambda token: self._page(request, token), self._parse_page)
        return ModelList(tuple(found), raw=[info.raw for info in found])

    def read(self, call: Call) -> ModelsRequest:
        """The request a call asks; pages are our own affair."""
        return ModelsRequest()

    def write(self, answer: ModelList) -> Reply:
        """The reply with all models, in one page."""
        return written({"models": [_entry(info) for info in answer.models]})


def model_info(raw: Mapping[str, Any]) -> ModelInfo:
    """What a body says of a model."""
    return ModelInfo(
        word(raw, "name").removeprefix("models/"),
        word(raw, "displayName") or None,
        context=number(raw, "inputTokenLimit"),
        max_output=number(raw, "outputTokenLimit"),
        raw=raw,
    )


def _entry(info: ModelInfo) -> dict[str, Any]:
    name = info.id if info.id.startswith("tunedModels/") else f"models/{info.id}"
    facts = said(displayName=info.name, inputTokenLimit=info.context, outputTokenLimit=info.max_output)
    return {"name": name, **facts, "supportedGenerationMethods": ["generateContent", "countTokens"]}
