"""Pictures: made from words, or from pictures and words."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield.errors import ErrorInfo, Unsupported
from jackfield.types import UNKNOWN_USAGE, Drawn, Image, ImageRequest, Images, Usage
from jackfield.wire.call import Call, Reply, Segment
from jackfield.wire.multipart import Attached
from jackfield.wire.operation import Verbs
from jackfield.wire.operations.codec import (
    Codec,
    counted,
    invalid,
    listed,
    malformed,
    moment,
    said,
    seconds,
    written,
)

_NUMBERS = frozenset({"n", "seed", "output_compression", "partial_images"})
_KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp", b"GIF8": "image/gif"}


class MakeImage(Codec[ImageRequest, Images]):
    """``POST images/generations``; with pictures in the request ``POST images/edits``, which is a form."""

    name: ClassVar[str] = "image"
    path: ClassVar[tuple[Segment, ...]] = ("images", "generations")
    edits: ClassVar[tuple[str, ...]] = ("images", "edits")
    fields: ClassVar[Mapping[str, str]] = {
        "n": "n",
        "size": "size",
        "quality": "quality",
        "style": "style",
        "background": "background",
        "format": "output_format",
        "user": "user",
    }

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """Both ways to ask."""
        return self.exchange(self.place, self.read), self.exchange(self.edits, self.read_edit)

    def render(self, request: ImageRequest) -> Call:
        """The call that asks."""
        if request.images:
            return self._edit(request)
        if request.mask is not None:
            msg = "a mask says which part of a picture to change, and there is no picture; nothing was sent"
            raise Unsupported(ErrorInfo("request.unsupported", msg, hint="pass images=[…]", sent="no"))
        required = {"model": request.model, "prompt": request.prompt}
        return self.call(self.body(required, request.options, request.extra))

    def _edit(self, request: ImageRequest) -> Call:
        plain = {**self.translated(request.options), **request.extra}
        fields: list[tuple[str, str | Attached]] = [("model", request.model)] if request.model else []
        fields.append(("prompt", request.prompt))
        name = "image" if len(request.images) == 1 else "image[]"
        fields += ((name, _attached(image, number)) for number, image in enumerate(request.images))
        if request.mask is not None:
            fields.append(("mask", _attached(request.mask, 0, "mask")))
        fields += ((key, str(value)) for key, value in plain.items())
        call = self.form(fields)
        call.path = self.edits
        return call

    def parse(self, reply: Reply) -> Images:
        """The pictures of a reply."""
        body = self.answer(reply)
        kind = said(body, "output_format")
        drawn = tuple(
            _drawn(entry, f"image/{kind}" if kind else "") for entry in listed(body, "data", "images")
        )
        usage = body.get("usage")
        return Images(
            drawn,
            moment(body.get("created")),
            usage=usage_of(usage) if isinstance(usage, dict) else UNKNOWN_USAGE,
            model=said(body, "model"),
            raw=body,
        )

    def read(self, call: Call) -> ImageRequest:
        """The request a call asks."""
        body = self.asked(call)
        model, prompt = body.pop("model", ""), body.pop("prompt", None)
        if not isinstance(prompt, str) or not prompt:
            raise invalid("a picture needs a `prompt`")
        options, extra = self.options(body)
        return ImageRequest(str(model), prompt, options=options, extra=extra)

    def read_edit(self, call: Call) -> ImageRequest:
        """The request a form asks."""
        form = self.asked_form(call)
        plain = {name: _plain(name, value) for name, value in form if isinstance(value, str)}
        images = [value for name, value in form if isinstance(value, Attached) and name.startswith("image")]
        mask = next((value for name, value in form if isinstance(value, Attached) and name == "mask"), None)
        model, prompt = str(plain.pop("model", "")), str(plain.pop("prompt", ""))
        if not images:
            raise invalid("there is no `image` to change")
        options, extra = self.options(plain)
        return ImageRequest(
            model, prompt, tuple(map(_image, images)), None if mask is None else _image(mask), options, extra
        )

    def write(self, answer: Images) -> Reply:
        """The reply that holds the pictures."""
        body: dict[str, Any] = {
            "created": seconds(answer.created) or 0,
            "data": list(map(_entry, answer.results)),
        }
        kinds = {drawn.image.media_type for drawn in answer.results if drawn.image.data is not None}
        if len(kinds) == 1:
            body["output_format"] = kinds.pop().removeprefix("image/")
        if answer.usage.known:
            body["usage"] = _written_usage(answer.usage)
        return written(body)


def _attached(image: Image, number: int, stem: str = "image") -> Attached:
    if image.data is None:
        msg = "a picture to be changed is sent as bytes; nothing was sent"
        raise Unsupported(
            ErrorInfo("request.unsupported", msg, hint="Image.from_path reads a file", sent="no")
        )
    suffix = image.media_type.removeprefix("image/")
    return Attached(image.name or f"{stem}-{number}.{suffix}", image.data, image.media_type)


def _image(file: Attached) -> Image:
    return Image(file.media_type, data=file.data, name=file.name)


def _plain(name: str, value: str) -> Any:
    """A form's text as what JSON would have said."""
    return int(value) if name in _NUMBERS and value.isdecimal() else value


def kind_of(data: bytes) -> str:
    """What kind of picture some bytes are; PNG if they do not tell."""
    return next((kind for mark, kind in _KINDS.items() if data.startswith(mark)), Image.default_media_type)


def _drawn(entry: Any, kind: str) -> Drawn:
    if isinstance(entry, str):  # seen: the bytes alone
        entry = {"b64_json": entry}
    if not isinstance(entry, dict):
        raise malformed("a picture is no object")
    prompt = said(entry, "revised_prompt") or None
    kind = said(entry, "mime_type", "media_type") or kind
    url = said(entry, "url")
    encoded = said(entry, "b64_json", "base64", "image_base64")
    if encoded:
        try:
            bare = encoded.partition(",")[2] if encoded.startswith("data:") else encoded
            data = base64.b64decode("".join(bare.split()), validate=True)
        except (binascii.Error, ValueError):
            raise malformed("a picture is not base64") from None
        return Drawn(Image(kind or kind_of(data), data=data), prompt)
    if not url:
        raise malformed("a picture has neither bytes nor an address")
    return Drawn(Image.from_url(url, media_type=kind or None), prompt)


def _entry(drawn: Drawn) -> dict[str, Any]:
    image = drawn.image
    entry = {"url": image.url} if image.url is not None else {"b64_json": image.base64}
    return {**entry, **({"revised_prompt": drawn.prompt} if drawn.prompt is not None else {})}


def usage_of(raw: Mapping[str, Any]) -> Usage:
    """Tokens of words and pictures apart. Some say how long it took or what it cost instead: that is no usage."""
    went_in, came_out = (
        counted(raw, "input_tokens", "prompt_tokens"),
        counted(raw, "output_tokens", "completion_tokens"),
    )
    if went_in is None and came_out is None:
        return Usage(source="unknown", raw=dict(raw))
    details = raw.get("input_tokens_details")
    seen = (counted(details, "image_tokens") if isinstance(details, dict) else None) or 0
    return Usage((went_in or 0) - seen, input_image=seen, output_image=came_out or 0, raw=dict(raw))


def _written_usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.total_input,
        "input_tokens_details": {"text_tokens": usage.input, "image_tokens": usage.input_image},
        "output_tokens": usage.total_output,
        "total_tokens": usage.total_input + usage.total_output,
    }
