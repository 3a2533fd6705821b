"""Pictures, made anew, varied, or painted into: two makers' forms."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield.errors import ErrorInfo
from jackfield.types import Drawn, Image, ImageRequest, Images
from jackfield.wire import Call, Reply
from jackfield_bedrock.failures import refused
from jackfield_bedrock.families import plain_id
from jackfield_bedrock.operations.exchange import Exchange, malformed, written

_SIZE = re.compile(r"(\d{2,5})x(\d{2,5})")
_CONFIG = "imageGenerationConfig"
_TASKS = {
    "TEXT_IMAGE": "textToImageParams",
    "IMAGE_VARIATION": "imageVariationParams",
    "INPAINTING": "inPaintingParams",
}


def _is_stability(model: str) -> bool:
    return plain_id(model).startswith("stability.")


class Draw(Exchange[ImageRequest, Images]):
    """``POST model/{model}/invoke``."""

    name: ClassVar[str] = "image"
    place: ClassVar[tuple[str, ...]] = ("model", "{model}", "invoke")

    def render(self, request: ImageRequest) -> Call:
        """The call that asks."""
        body = self._stability(request) if _is_stability(request.model) else self._tasked(request)
        return self.call({**body, **request.extra}, request.model)

    def _tasked(self, request: ImageRequest) -> dict[str, Any]:
        options = dict(request.options)
        params: dict[str, Any] = {"text": request.prompt}
        if "negative_prompt" in options:
            params["negativeText"] = options.pop("negative_prompt")
        task = "TEXT_IMAGE"
        if request.mask is not None:
            task = "INPAINTING"
            params |= {"image": self._one(request), "maskImage": request.mask.base64}
        elif request.images:
            task = "IMAGE_VARIATION"
            params["images"] = [image.base64 for image in request.images]
        size = options.pop("size", None)
        config = self.named(options, {"n": "numberOfImages", "seed": "seed", "quality": "quality"})
        if size is not None:
            config["width"], config["height"] = self._size(size)
        body: dict[str, Any] = {"taskType": task, _TASKS[task]: params}
        return {**body, _CONFIG: config} if config else body

    def _one(self, request: ImageRequest) -> str:
        if len(request.images) == 1:
            return request.images[0].base64
        raise self.unsupported("painting into a picture takes exactly one picture")

    def _size(self, size: str) -> tuple[int, int]:
        found = _SIZE.fullmatch(size)
        if found is None:
            raise self.unsupported(f"{size!r:.40} is no size", 'it is written as "1024x1024"')
        return int(found[1]), int(found[2])

    def _stability(self, request: ImageRequest) -> dict[str, Any]:
        names = {
            "negative_prompt": "negative_prompt",
            "aspect_ratio": "aspect_ratio",
            "seed": "seed",
            "format": "output_format",
        }
        body: dict[str, Any] = {"prompt": request.prompt, **self.named(request.options, names)}
        if request.mask is not None:
            body["mask"] = request.mask.base64
        if request.images:
            body["image"] = self._one(request)
            body |= {} if request.mask is not None else {"mode": "image-to-image"}
        return body

    def parse(self, reply: Reply) -> Images:
        """The pictures of a reply; one that a filter withheld is a refusal."""
        body = self.answer(reply)
        found = body.get("images")
        reasons = [r for r in (body.get("error"), *(body.get("finish_reasons") or ())) if isinstance(r, str)]
        if not found and reasons:
            info = ErrorInfo("request.policy", reasons[0][:300], provider=self.dialect.provider, raw=body)
            raise info.to_exception()
        if not isinstance(found, list):
            raise self.unread(body, "pictures")
        return Images(tuple(Drawn(_image(data)) for data in found if data), raw=body)

    def read(self, call: Call) -> ImageRequest:
        """The request a call asks."""
        body, model = self.asked(call), self.model_in(call)
        if _is_stability(model):
            return _read_stability(body, model)
        task = _TASKS.get(str(body.pop("taskType", "")))
        params = body.pop(task, None) if task else None
        if not isinstance(params, dict):
            raise refused(f"taskType: must be one of {', '.join(_TASKS)}, with its parameters")
        config = dict(body.pop(_CONFIG, None) or {})
        options = {name: config[theirs] for name, theirs in _NAMES.items() if theirs in config}
        if "width" in config and "height" in config:
            options["size"] = f"{config['width']}x{config['height']}"
        if "negativeText" in params:
            options["negative_prompt"] = params["negativeText"]
        images = params.get("images") or ([params["image"]] if "image" in params else [])
        mask = _image(params["maskImage"]) if "maskImage" in params else None
        return ImageRequest(model, params.get("text", ""), tuple(map(_image, images)), mask, options, body)

    def write(self, answer: Images) -> Reply:
        """The reply with the pictures."""
        images = [b64encode(image.data or b"").decode("ascii") for image in answer.images]
        return written({"images": images})


_NAMES: Mapping[str, str] = {"n": "numberOfImages", "seed": "seed", "quality": "quality"}


def _read_stability(body: dict[str, Any], model: str) -> ImageRequest:
    names = {"negative_prompt": "negative_prompt", "aspect_ratio": "aspect_ratio", "seed": "seed"}
    names["format"] = "output_format"
    prompt = body.pop("prompt", None)
    if not isinstance(prompt, str):
        raise refused("prompt: a text is required")
    options = {name: body.pop(theirs) for name, theirs in names.items() if theirs in body}
    images = (_image(body.pop("image")),) if "image" in body else ()
    mask = _image(body.pop("mask")) if "mask" in body else None
    body.pop("mode", None)
    return ImageRequest(model, prompt, images, mask, options, body)


_BEGINS = ((b"\x89PNG", "image/png"), (b"\xff\xd8", "image/jpeg"), (b"RIFF", "image/webp"))


def _image(data: Any) -> Image:
    try:
        found = b64decode(data, validate=True)
    except (ValueError, TypeError):
        raise malformed("a picture is not base64") from None
    kind = next((kind for begin, kind in _BEGINS if found.startswith(begin)), "image/png")
    return Image(kind, data=found)
