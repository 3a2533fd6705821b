"""Parts of the format as ours: one function for each kind. Nothing of a part is ever lost.

What stands beside the content of a part, a signature above all, is sealed and goes back in the same place.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from jackfield.jsontext import dump_text
from jackfield.types import (
    Audio,
    Document,
    Image,
    Media,
    Opaque,
    Other,
    Part,
    Reasoning,
    Text,
    ToolCall,
    Video,
)
from jackfield.wire.generate_content.tables import Rules
from jackfield.wire.seal import Seal

MEDIA: Mapping[str, type[Media]] = {"image": Image, "audio": Audio, "video": Video}

# What a part may hold besides its content.
BESIDE = frozenset({"thought", "thoughtSignature", "partMetadata", "videoMetadata", "mediaResolution"})

_URL_SAFE = str.maketrans("-_", "+/")


def part_of(raw: Any, rules: Rules, call_id: str = "") -> Part:
    """The part that ``raw`` is; ``call_id`` is for a call that has no id of its own.

    What has no neutral type, or not its usual form, is kept verbatim.
    """
    if type(raw) is dict:
        if len(raw) == 1 and type(raw.get("text")) is str:
            return Text(raw["text"])
        read = next((READERS[name] for name in raw if name in READERS), None)
        if read is not None:
            try:
                return read(raw, rules, call_id)
            except (KeyError, TypeError, ValueError, AttributeError):
                pass  # not of its usual form
        return Other(kind_of(raw), rules.seal.close(raw))
    return Other("unknown", rules.seal.close({"value": raw}))


def kind_of(raw: Mapping[str, Any]) -> str:
    """What a part is called by its content."""
    return next((name for name in raw if name not in BESIDE), "unknown")


def beside(raw: Mapping[str, Any], content: str, seal: Seal) -> Opaque | None:
    """What stands beside the content of a part, sealed; nothing for a ``thought`` that is none."""
    if len(raw) == 1:
        return None
    rest = {
        name: value for name, value in raw.items() if name != content and (name, value) != ("thought", False)
    }
    return seal.close(rest) if rest else None


def _text(raw: dict[str, Any], rules: Rules, call_id: str) -> Part:
    text = _word(raw, "text")
    if raw.get("thought") is not True:
        return Text(text, opaque=beside(raw, "text", rules.seal))
    plain = {name: value for name, value in raw.items() if name != "thought"}
    return Reasoning(text, beside(plain, "text", rules.seal))


def _word(table: Mapping[str, Any], name: str) -> str:
    """A field that must be text."""
    value = table[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _call(raw: dict[str, Any], rules: Rules, call_id: str) -> Part:
    call = raw["functionCall"]
    found = tool_call(call, call_id)
    odd = {name: value for name, value in call.items() if name not in ("name", "args", "id")}
    sealed = {**raw, "functionCall": odd} if odd else {n: v for n, v in raw.items() if n != "functionCall"}
    return ToolCall(*found, opaque=rules.seal.close(sealed) if sealed else None)


def tool_call(call: Mapping[str, Any], call_id: str) -> tuple[str, str, str]:
    """Id, name and arguments of a call."""
    args = call.get("args") or {}
    if not isinstance(args, dict):
        raise TypeError("args")
    given = call.get("id")
    return (
        given if isinstance(given, str) and given else call_id,
        _word(call, "name"),
        dump_text(args) if args else "{}",
    )


def _inline(raw: dict[str, Any], rules: Rules, call_id: str) -> Part:
    if raw.get("thought") is True:  # what is drawn on the way to the answer is not the answer
        return Other("inlineData", rules.seal.close(raw))
    return inline_media(raw["inlineData"], beside(raw, "inlineData", rules.seal))


def inline_media(blob: Mapping[str, Any], opaque: Opaque | None = None) -> Part:
    """The bytes of ``blob``, by their media type."""
    media_type = _word(blob, "mimeType")
    name = blob.get("displayName")
    return media_of(media_type)(
        media_type,
        data=decoded(_word(blob, "data")),
        name=name if isinstance(name, str) else None,
        opaque=opaque,
    )  # type: ignore[return-value]


def decoded(data: str) -> bytes:
    """Bytes of base64, in either alphabet and with or without padding: clients send all of them."""
    text = data.translate(_URL_SAFE)
    return b64decode(text + "=" * (-len(text) % 4), validate=True)


def media_of(media_type: str) -> type[Media]:
    """The type of part that holds such media."""
    return MEDIA.get(media_type.partition("/")[0], Document)


def _file(raw: dict[str, Any], rules: Rules, call_id: str) -> Part:
    data = raw["fileData"]
    uri, given = _word(data, "fileUri"), data.get("mimeType")
    name = data.get("displayName")
    media_type = given if isinstance(given, str) and given else Document.default_media_type
    here = f"{rules.files}/"
    source: dict[str, Any] = (
        {"file_id": uri[len(here) :]} if rules.files and uri.startswith(f"{here}files/") else {"url": uri}
    )
    return media_of(media_type)(
        media_type,
        **source,
        name=name if isinstance(name, str) else None,
        opaque=beside(raw, "fileData", rules.seal),
    )  # type: ignore[return-value]


Reader = Callable[[dict[str, Any], Rules, str], Part]

READERS: Mapping[str, Reader] = {
    "text": _text,
    "functionCall": _call,
    "inlineData": _inline,
    "fileData": _file,
}
