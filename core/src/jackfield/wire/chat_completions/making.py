"""One choice of a streamed answer in the making: its open part, its calls, what is joined until the end."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from jackfield.errors import Malformed
from jackfield.jsontext import loads
from jackfield.types import Opaque
from jackfield.wire.chat_completions.parse import malformed


class CallInMaking:
    """One tool call in the making."""

    __slots__ = ("given_id", "name", "opaque", "part", "pieces", "place")

    def __init__(self, place: int) -> None:
        self.place = place
        self.given_id = ""
        self.name = ""
        self.part: int | None = None  # the id of its part, once it has begun
        self.pieces: list[str] = []
        self.opaque: Opaque | None = None

    def whole(self) -> bool:
        """Whether the arguments are a complete JSON text, so that nothing more can belong to them."""
        text = "".join(self.pieces)
        if not text.rstrip().endswith("}"):
            return False
        try:
            loads(text)
        except Malformed:
            return False
        return True


class ChoiceInMaking:
    """The state of one choice: which part is open, which calls are being made, how it finished."""

    __slots__ = (
        "audio",
        "by_index",
        "called",
        "calls",
        "details",
        "finish",
        "finished",
        "hosted",
        "index",
        "kind",
        "last_text",
        "part",
        "seen",
        "thoughts",
    )

    def __init__(self, index: int) -> None:
        self.index = index
        self.kind = ""  # of the open text part: text, reasoning or refusal
        self.part = -1
        self.last_text: int | None = None
        self.details: list[Any] = []  # what goes back with the open reasoning: details,
        self.thoughts: list[Any] = []  # or items of a content list
        self.called = False
        self.calls: list[CallInMaking] = []
        self.by_index: dict[int, CallInMaking] = {}
        self.audio: list[Mapping[str, Any]] = []  # pieces
        self.hosted: dict[Any, dict[str, Any]] = {}  # calls of the provider's own whose result has not come
        self.finished = False
        self.finish: Any = None
        self.seen = False  # whether anything of an answer has come


def is_other(call: CallInMaking, given_id: str, name: str) -> bool:
    """Whether a named delta starts another call than ``call``, although it came under the same index or none."""
    if not name or not (call.name or call.given_id):
        return False
    if given_id and call.given_id:
        return given_id != call.given_id
    return bool(call.name) and (name != call.name or call.whole())


def join_detail(details: list[Any], item: Any) -> None:
    """Add a piece of reasoning detail: pieces of one item are joined, as they have to go back."""
    last = details[-1] if details else None
    if not isinstance(item, dict) or not isinstance(last, dict) or not _same_detail(last, item):
        details.append(dict(item) if isinstance(item, dict) else item)
        return
    for name, value in item.items():
        if name in ("text", "summary") and isinstance(value, str) and isinstance(last.get(name), str):
            last[name] += value
        elif value is not None:
            last[name] = value


def _same_detail(last: Mapping[str, Any], item: Mapping[str, Any]) -> bool:
    same = all(item.get(name) == last.get(name) for name in ("type", "index"))
    return same and item.get("id") in (None, last.get("id")) and "data" not in item


def joined_audio(pieces: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The pieces of one sound as the object a whole answer would hold; they are joined once, at the end."""
    texts = {name: _texts(pieces, name) for name in ("data", "transcript")}
    data = "".join(texts["data"])
    if "=" in data.rstrip("="):  # each piece was encoded on its own
        try:
            data = base64.b64encode(b"".join(map(base64.b64decode, texts["data"]))).decode("ascii")
        except (binascii.Error, ValueError):
            raise malformed("its audio is not base64") from None
    identity = next((piece["id"] for piece in pieces if piece.get("id")), None)
    return {"id": identity, "data": data, "transcript": "".join(texts["transcript"])}


def _texts(pieces: list[Mapping[str, Any]], name: str) -> list[str]:
    return [piece[name] for piece in pieces if isinstance(piece.get(name), str)]
