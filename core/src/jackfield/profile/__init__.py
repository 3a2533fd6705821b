"""A provider as data: what ``profile.toml`` and ``models.toml`` say, read without importing any plugin."""

from __future__ import annotations

from jackfield.capability import (
    CHAT_CAPABILITIES,
    OTHER_CAPABILITIES,
    Capabilities,
    Capability,
    Statement,
    Support,
)
from jackfield.profile.profile import (
    SPEC,
    SUPPORTED_SPECS,
    AuthSpec,
    Model,
    OptionRule,
    Profile,
    Quality,
    ReportedCharge,
    Setting,
)
from jackfield.profile.rates import Elsewhere, OffPeak, Price, Rate, Schedule, Step
from jackfield.profile.reader import read_profile

__all__ = [
    "CHAT_CAPABILITIES",
    "OTHER_CAPABILITIES",
    "SPEC",
    "SUPPORTED_SPECS",
    "AuthSpec",
    "Capabilities",
    "Capability",
    "Elsewhere",
    "Model",
    "OffPeak",
    "OptionRule",
    "Price",
    "Profile",
    "Quality",
    "Rate",
    "ReportedCharge",
    "Schedule",
    "Setting",
    "Statement",
    "Step",
    "Support",
    "read_profile",
]
