"""Everything a provider plugin or an extension needs, in one place.

What is named here is the plugin contract: it changes only with the ``spec`` number. The shared wires, and what
a wire of one's own is made of, are imported when they are first used: most packages have no use for them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from jackfield.auth.base import Auth
from jackfield.catalogue import FreePrices, PriceBook, RatesBook, ReportedPrices, UnknownPrices
from jackfield.client.answers import base_of, dialect_of, wire_name
from jackfield.config import ProviderSettings
from jackfield.flow import Aside, Await, Flow, Now, Once, Send, Sleep
from jackfield.hookspecs import hookimpl
from jackfield.profile import SPEC, Capability, Model, Profile, Support
from jackfield.wire import (
    Call,
    Decoder,
    Dialect,
    Framing,
    Headers,
    Reply,
    StreamParser,
    StreamWriter,
    Wire,
    WireDecoder,
    wire_named,
)

if TYPE_CHECKING:
    from jackfield.framing.ndjson import NDJSON
    from jackfield.framing.sse import SSE, Record
    from jackfield.jsontext import dumps, loads
    from jackfield.wire.chat_completions import ChatCompletions
    from jackfield.wire.fence import understood
    from jackfield.wire.generate_content import GenerateContent
    from jackfield.wire.messages import Messages
    from jackfield.wire.operation import Operations, Verbs
    from jackfield.wire.replies import body_error, error_info, json_body
    from jackfield.wire.responses import Responses

__all__ = [
    "NDJSON",
    "SPEC",
    "SSE",
    "Aside",
    "Await",
    "Auth",
    "Call",
    "Capability",
    "ChatCompletions",
    "Decoder",
    "Dialect",
    "Flow",
    "Framing",
    "FreePrices",
    "GenerateContent",
    "Headers",
    "Messages",
    "Model",
    "Now",
    "Once",
    "Operations",
    "PriceBook",
    "Profile",
    "ProviderSettings",
    "Record",
    "Reply",
    "RatesBook",
    "ReportedPrices",
    "Responses",
    "Send",
    "Sleep",
    "StreamParser",
    "StreamWriter",
    "Support",
    "UnknownPrices",
    "Verbs",
    "Wire",
    "WireDecoder",
    "base_of",
    "body_error",
    "dialect_of",
    "dumps",
    "error_info",
    "hookimpl",
    "json_body",
    "loads",
    "understood",
    "wire_name",
    "wire_named",
]

# Module below `jackfield` -> the names that are taken from it when they are first used.
_LATER = {
    "framing.ndjson": "NDJSON",
    "framing.sse": "SSE Record",
    "jsontext": "dumps loads",
    "wire.chat_completions": "ChatCompletions",
    "wire.fence": "understood",
    "wire.generate_content": "GenerateContent",
    "wire.messages": "Messages",
    "wire.operation": "Operations Verbs",
    "wire.replies": "body_error error_info json_body",
    "wire.responses": "Responses",
}
_HOME_OF = {name: module for module, names in _LATER.items() for name in names.split()}


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        msg = f"module 'jackfield.plugin' has no attribute {name!r}"
        raise AttributeError(msg)
    value: object = getattr(import_module(f"jackfield.{home}"), name)
    globals()[name] = value
    return value
