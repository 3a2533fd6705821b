"""What callers say, as requests: checked before anything is sent. One maker per operation.

A maker takes the model's id, the checked options and the provider's own fields. The values of operations are
imported where they are made: most programs need none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from jackfield.errors import ErrorInfo, InvalidRequest
from jackfield.types import Audio, EmbedRequest, Image

if TYPE_CHECKING:
    from jackfield.types import FileUpload

Maker: TypeAlias = Callable[[str, Mapping[str, Any], Mapping[str, Any]], Any]


def embedding(texts: str | Sequence[str]) -> Maker:
    """Texts to turn into vectors."""
    listed = _texts("texts", texts)
    return lambda model, options, extra: EmbedRequest(model, listed, options, extra)


def reranking(query: str, documents: Sequence[str]) -> Maker:
    """Documents to put in order."""
    from jackfield.types import RerankRequest

    listed = _texts("documents", documents)
    asked = _text("query", query)
    return lambda model, options, extra: RerankRequest(model, asked, listed, options, extra)


def moderating(inputs: str | Image | Sequence[str | Image]) -> Maker:
    """Texts and images to be judged."""
    from jackfield.types import ModerationRequest

    several = (inputs,) if isinstance(inputs, str | Image) else _listed("inputs", inputs)
    if not several or not all(
        isinstance(item, Image) or (isinstance(item, str) and item) for item in several
    ):
        raise _invalid("moderation needs at least one text or image, and no text empty")
    return lambda model, options, extra: ModerationRequest(model, several, options, extra)


def drawing(prompt: str, images: Sequence[Image], mask: Image | None) -> Maker:
    """A picture to be made, or pictures to be changed."""
    from jackfield.types import ImageRequest

    words = _text("prompt", prompt)
    given = _listed("images", images)
    if not all(isinstance(item, Image) for item in (*given, *([] if mask is None else [mask]))):
        raise _invalid("pictures are given as Image: Image.from_path reads a file")
    return lambda model, options, extra: ImageRequest(model, words, given, mask, options, extra)


def speaking(text: str, voice: str) -> Maker:
    """A text to be spoken."""
    from jackfield.types import SpeechRequest

    words = _text("text", text)
    return lambda model, options, extra: SpeechRequest(model, words, voice, options, extra)


def transcribing(audio: Audio | str | Path) -> Maker:
    """Speech to be written down; a path is read."""
    from jackfield.types import TranscriptionRequest

    sound = audio if isinstance(audio, Audio) else _read_audio(audio)
    return lambda model, options, extra: TranscriptionRequest(model, sound, options, extra)


def _read_audio(path: str | Path) -> Audio:
    if not isinstance(path, str | Path):
        raise _invalid(f"audio is given as Audio or as a path, not as {type(path).__name__}")
    try:
        return Audio.from_path(path)
    except OSError as exc:
        reason = exc.strerror
    raise _invalid(f"the audio file cannot be read: {reason}")


def uploading(file: FileUpload | str | Path, purpose: str) -> FileUpload:
    """A file to be kept; a path is read."""
    from jackfield.types import FileUpload

    if isinstance(file, FileUpload):
        return file
    try:
        data = Path(file).read_bytes()
    except OSError as exc:
        reason = exc.strerror
    else:
        import mimetypes

        kind = mimetypes.guess_type(Path(file).name)[0] or "application/octet-stream"
        return FileUpload(Path(file).name, data, kind, purpose)
    raise _invalid(f"the file cannot be read: {reason}")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _invalid(f"`{name}` must be a text, and not empty")
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    listed = (value,) if isinstance(value, str) else _listed(name, value)
    if not listed or not all(isinstance(item, str) and item for item in listed):
        raise _invalid(f"`{name}` needs at least one text, and none of them empty")
    return listed


def _listed(name: str, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise _invalid(f"`{name}` must be a list, not {type(value).__name__}", f"write {name}=[…]")
    return tuple(value)


def _invalid(message: str, hint: str = "") -> InvalidRequest:
    return InvalidRequest(ErrorInfo("request.invalid", f"{message}; nothing was sent", hint=hint, sent="no"))
