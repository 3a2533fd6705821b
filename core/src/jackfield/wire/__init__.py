"""Wire formats shared by two or more providers, and the interface all wires have.

``WIRES`` names them; a wire of one provider's own lives in that provider's package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from jackfield.wire.base import Decoder, Dialect, Framing, Quirk, StreamParser, StreamWriter, Wire
from jackfield.wire.call import Call, Headers, Reply, address, path_segment
from jackfield.wire.decoder import WireDecoder

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "WIRES",
    "Call",
    "Decoder",
    "Dialect",
    "Framing",
    "Headers",
    "Quirk",
    "Reply",
    "StreamParser",
    "StreamWriter",
    "Wire",
    "WireDecoder",
    "address",
    "path_segment",
    "wire_named",
]

WIRES: Mapping[str, str] = {
    "chat_completions": "jackfield.wire.chat_completions:ChatCompletions",
    "generate_content": "jackfield.wire.generate_content:GenerateContent",
    "messages": "jackfield.wire.messages:Messages",
    "responses": "jackfield.wire.responses:Responses",
}


def wire_named(name: str) -> type[Wire]:
    """The shared wire of that name, imported when it is first asked for."""
    module, _, attribute = WIRES[name].partition(":")
    wire: type[Wire] = getattr(import_module(module), attribute)
    return wire
