"""The table `[telemetry]`: who is told of what happens during calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from jackfield.profile.schema import Table, boolean, choice, texts

CAPTURES = ("no_content", "span_only", "event_only", "span_and_event")


@frozen
class TelemetrySettings:
    """Observers by name: ``log``, ``otel``, or that of an extension; and what `otel` is told beyond the usual."""

    observers: tuple[str, ...] = ()
    capture: str | None = None
    aliases: bool = False


telemetry_table = Table({"observers": texts, "capture": choice(*CAPTURES), "aliases": boolean})


def telemetry_of(table: Mapping[str, Any]) -> TelemetrySettings:
    """The settings of a checked table."""
    return TelemetrySettings(**table)
