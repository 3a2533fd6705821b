"""Pictures: as parts of an answer, or from models that only predict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from jackfield.errors import ErrorInfo, Unsupported
from jackfield.events import Failed, fold
from jackfield.types import Completion, Drawn, Finish, Image, ImageRequest, Images, Message, Request, Text
from jackfield.wire.call import Call, Reply, Segment
from jackfield.wire.generate_content.operations.exchange import (
    Exchange,
    listed,
    malformed,
    said,
    word,
    written,
)
from jackfield.wire.generate_content.parse import parse_reply
from jackfield.wire.generate_content.parts import decoded
from jackfield.wire.generate_content.read import refused
from jackfield.wire.generate_content.render import merged
from jackfield.wire.generate_content.tables import table_of
from jackfield.wire.operation import Steps, Verbs

if TYPE_CHECKING:
    from jackfield.wire.generate_content.wire import GenerateContent

SIZES = ("512", "1K", "2K", "4K")

_PREDICTED: Mapping[str, str] = {
    "n": "sampleCount",
    "aspect_ratio": "aspectRatio",
    "size": "sampleImageSize",
    "negative_prompt": "negativePrompt",
    "seed": "seed",
}


class _Drawing(Exchange[ImageRequest, Images]):
    """What both ways share."""

    def checked(self, request: ImageRequest, known: tuple[str, ...]) -> None:
        """Refuse what a model of this way cannot be told."""
        self.unsupported({n: v for n, v in request.options.items() if (n, v) != ("n", 1)}, known)
        size = request.options.get("size")
        if request.mask is not None:
            self._refuse("takes no mask: say in the prompt what is to be changed")
        if size is not None and size not in SIZES:
            self._refuse(f"takes no size `{size!s:.20}`", f"it takes {', '.join(SIZES)}, and `aspect_ratio`")

    def _refuse(self, words: str, hint: str = "") -> None:
        msg = f"`image` of this provider {words}; nothing was sent"
        provider = self.wire.dialect.provider
        raise Unsupported(ErrorInfo("request.unsupported", msg, provider=provider, hint=hint, sent="no"))


class DrawContent(_Drawing):
    """``POST models/{model}:generateContent`` that asks for a picture."""

    name: ClassVar[str] = "image"
    path: ClassVar[tuple[Segment, ...]] = ("models", ("{model}", "generateContent"))

    def render(self, request: ImageRequest) -> Call:
        """The call that asks."""
        self.checked(request, ("size", "aspect_ratio", "seed"))
        options = request.options
        drawn = said(aspectRatio=options.get("aspect_ratio"), imageSize=options.get("size"))
        config = {"responseModalities": ["TEXT", "IMAGE"], **({"imageConfig": drawn} if drawn else {})}
        message = Message("user", (*request.images, Text(request.prompt)))
        seed = {"seed": options["seed"]} if "seed" in options else {}
        asked = self.wire.body_of(Request(request.model, (message,), options=seed))
        body = merged(merged(asked, {"generationConfig": config}), request.extra)
        return self.call(self.wire.verb_path(request.model, "generateContent"), body)

    def parse(self, reply: Reply) -> Images:
        """The pictures of an answer; an answer without any is a failure."""
        events, raw = parse_reply(reply, self.wire.rules, self.wire.dialect)
        last = events[-1]
        if isinstance(last, Failed):
            raise last.error.to_exception()
        answer = fold(events)
        found = tuple(Drawn(part) for part in answer.parts if isinstance(part, Image))
        if not found:
            raise _undrawn(answer, raw).to_exception()
        return Images(found, usage=answer.usage, model=answer.model, raw=raw)

    def read(self, call: Call) -> ImageRequest:
        """The request a call asks."""
        model = self.wire.path_model(call.path)[0]
        body = self.body(call)
        config = table_of(body.get("generationConfig"))
        asked = self.wire.read_request(body, model)
        parts = [part for message in asked.messages for part in message.parts]
        drawn = table_of(config.get("imageConfig"))
        options = said(
            aspect_ratio=drawn.get("aspectRatio"), size=drawn.get("imageSize"), seed=config.get("seed")
        )
        images = tuple(part for part in parts if isinstance(part, Image))
        return ImageRequest(
            model, "".join(p.text for p in parts if isinstance(p, Text)), images, options=options
        )

    def write(self, answer: Images) -> Reply:
        """The reply with the pictures."""
        return self.wire.write_completion(
            Completion(answer.images, Finish("stop"), answer.usage, answer.model)
        )


def _undrawn(answer: Completion, raw: Any) -> ErrorInfo:
    """Why there is no picture."""
    words = answer.text[:200] or f"it ended with {answer.finish.raw}"
    kind = "request.policy" if answer.finish.reason == "content_filter" else "protocol.body"
    return ErrorInfo(kind, f"no picture was made: {words}", code=answer.finish.raw, sent="yes", raw=raw)


class DrawPrediction(_Drawing):
    """``POST models/{model}:predict``."""

    name: ClassVar[str] = "image"
    path: ClassVar[tuple[Segment, ...]] = ("models", ("{model}", "predict"))

    def render(self, request: ImageRequest) -> Call:
        """The call that asks."""
        self.checked(request, tuple(_PREDICTED))
        if request.images:
            self._refuse("changes no pictures with this model")
        told = {_PREDICTED[name]: value for name, value in request.options.items()}
        parameters = {"sampleCount": 1, **told, **request.extra}
        body = {"instances": [{"prompt": request.prompt}], "parameters": parameters}
        return self.call(self.wire.verb_path(request.model, "predict"), body)

    def parse(self, reply: Reply) -> Images:
        """The pictures; those that were filtered are missing, and none at all is a failure."""
        return self.fenced(self._drawn, reply)

    def _drawn(self, body: dict[str, Any]) -> Images:
        predictions = listed(body, "predictions")
        drawn = [one for one in predictions if "bytesBase64Encoded" in one]
        if not drawn:
            reasons = [word(one, "raiFilteredReason") for one in predictions]
            words = next(filter(None, reasons), "all of it was filtered")
            info = ErrorInfo("request.policy", f"no picture was made: {words}", sent="yes", raw=body)
            raise info.to_exception()
        return Images(tuple(map(_predicted, drawn)), raw=body)

    def read(self, call: Call) -> ImageRequest:
        """The request a call asks."""
        body = self.body(call)
        instances = listed(body, "instances")
        if not instances or not word(instances[0], "prompt"):
            raise refused("instances.prompt: a text is required")
        told = table_of(body.get("parameters"))
        options = {ours: told[theirs] for ours, theirs in _PREDICTED.items() if theirs in told}
        model = self.wire.path_model(call.path)[0]
        return ImageRequest(model, word(instances[0], "prompt"), options=options)

    def write(self, answer: Images) -> Reply:
        """The reply with the pictures."""
        found = [
            {
                "bytesBase64Encoded": one.image.base64,
                "mimeType": one.image.media_type,
                **said(prompt=one.prompt),
            }
            for one in answer.results
        ]
        return written({"predictions": found})


def _predicted(one: Mapping[str, Any]) -> Drawn:
    image = Image(word(one, "mimeType") or "image/png", data=decoded(word(one, "bytesBase64Encoded")))
    if not image.data:
        raise malformed("a picture is empty")
    return Drawn(image, word(one, "prompt") or None)


class Draw:
    """Pictures, in the way the model has."""

    def __init__(self, wire: GenerateContent) -> None:
        predicts = wire.rules.settings["images"] == "predict"
        self.exchange = DrawPrediction(wire) if predicts else DrawContent(wire)

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """The one that is used."""
        return (self.exchange.verbs,)

    def ask(self, request: ImageRequest) -> Steps[Images]:
        """One call, one reply."""
        return (yield from self.exchange.ask(request))
