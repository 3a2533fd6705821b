"""Judgements of texts and images."""

from __future__ import annotations

from typing import Any, ClassVar

from jackfield.errors import ErrorInfo, Unsupported
from jackfield.types import Image, Moderation, ModerationRequest, Verdict
from jackfield.wire.call import Call, Reply, Segment
from jackfield.wire.operations.codec import Codec, invalid, listed, malformed, measured, said, written


class Moderate(Codec[ModerationRequest, Moderation]):
    """``POST moderations``. Texts alone go as texts; as soon as there is an image, all is one input of parts."""

    name: ClassVar[str] = "moderate"
    path: ClassVar[tuple[Segment, ...]] = ("moderations",)

    def render(self, request: ModerationRequest) -> Call:
        """The call that asks."""
        inputs = [_part(item) for item in request.inputs]
        texts = [item for item in request.inputs if isinstance(item, str)]
        required: dict[str, Any] = {"input": texts if len(texts) == len(inputs) else inputs}
        if request.model:
            required["model"] = request.model
        return self.call(self.body(required, request.options, request.extra))

    def parse(self, reply: Reply) -> Moderation:
        """The verdicts of a reply."""
        body = self.answer(reply)
        verdicts = tuple(_verdict(entry) for entry in listed(body, "results"))
        return Moderation(verdicts, said(body, "id"), model=said(body, "model"), raw=body)

    def read(self, call: Call) -> ModerationRequest:
        """The request a call asks."""
        body = self.asked(call)
        model, inputs = body.pop("model", ""), body.pop("input", None)
        inputs = [inputs] if isinstance(inputs, str) else inputs
        if not isinstance(inputs, list) or not inputs:
            raise invalid("a request for moderation needs `input`")
        options, extra = self.options(body)
        return ModerationRequest(str(model), tuple(map(_input, inputs)), options, extra)

    def write(self, answer: Moderation) -> Reply:
        """The reply that holds the verdicts."""
        results = [
            {
                "flagged": found.flagged,
                "categories": dict(found.categories),
                "category_scores": dict(found.scores),
            }
            for found in answer.results
        ]
        return written({"id": answer.id, "model": answer.model, "results": results})


def _part(item: str | Image) -> dict[str, Any]:
    if isinstance(item, str):
        return {"type": "text", "text": item}
    if item.file_id is not None:
        msg = (
            "an image that is judged is sent as bytes or as an address, not as a file's id; nothing was sent"
        )
        raise Unsupported(ErrorInfo("request.unsupported", msg, sent="no"))
    return {"type": "image_url", "image_url": {"url": item.data_url}}


def _input(item: Any) -> str | Image:
    if isinstance(item, str):
        return item
    if isinstance(item, dict) and item.get("type") == "text":
        return said(item, "text")
    if isinstance(item, dict) and isinstance(item.get("image_url"), dict):
        return Image.from_url(said(item["image_url"], "url"))
    raise invalid("an input is neither a text nor an image")


def _verdict(entry: Any) -> Verdict:
    if not isinstance(entry, dict):
        raise malformed("a verdict is no object")
    categories, scores = entry.get("categories"), entry.get("category_scores")
    found = {
        name: value is True for name, value in (categories if isinstance(categories, dict) else {}).items()
    }
    weighed = {name: measured(value) for name, value in (scores if isinstance(scores, dict) else {}).items()}
    flagged = entry.get("flagged")
    return Verdict(
        flagged if isinstance(flagged, bool) else any(found.values()),
        found,
        {name: value for name, value in weighed.items() if value is not None},
    )
