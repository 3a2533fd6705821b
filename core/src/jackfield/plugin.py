"""Everything a provider plugin or an extension needs, in one place.

What is named here is the plugin contract: it changes only with the ``spec`` number.
"""

from __future__ import annotations

from jackfield.auth.base import Auth
from jackfield.catalogue import FreePrices, PriceBook, ReportedPrices, UnknownPrices
from jackfield.client.answers import base_of, dialect_of, wire_name
from jackfield.config import ProviderSettings
from jackfield.flow import Aside, Flow, Now, Once, Send, Sleep
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

__all__ = [
    "SPEC",
    "Aside",
    "Auth",
    "Call",
    "Capability",
    "Decoder",
    "Dialect",
    "Flow",
    "Framing",
    "FreePrices",
    "Headers",
    "Model",
    "Now",
    "Once",
    "PriceBook",
    "Profile",
    "ProviderSettings",
    "Reply",
    "ReportedPrices",
    "Send",
    "Sleep",
    "StreamParser",
    "StreamWriter",
    "Support",
    "UnknownPrices",
    "Wire",
    "WireDecoder",
    "base_of",
    "dialect_of",
    "hookimpl",
    "wire_name",
    "wire_named",
]
