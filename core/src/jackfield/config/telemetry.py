"""The table `[telemetry]`: who is told of what happens during calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from jackfield.config.resilience import NO_STAGE, Stage
from jackfield.profile.schema import Table, boolean, choice, texts

CAPTURES = ("no_content", "span_only", "event_only", "span_and_event")


@frozen
class TelemetrySettings:
    """Observers by name: ``log``, ``otel``, or that of an extension; and what `otel` is told beyond the usual."""

    observers: tuple[str, ...] = ()
    capture: str | None = None
    aliases: bool = False
    debug: bool = False  # whether `log` writes all there is to know


telemetry_table = Table({"observers": texts, "capture": choice(*CAPTURES), "aliases": boolean})


def telemetry_of(table: Mapping[str, Any], stage: Stage = NO_STAGE) -> TelemetrySettings:
    """The settings of a checked table; those of the stage are told where it names nobody, as far as they are installed."""
    if "observers" in table or not stage.observers:
        return TelemetrySettings(**table, debug=stage.debug)
    from importlib.util import find_spec

    there = tuple(
        name for name in stage.observers if name != "otel" or find_spec("opentelemetry") is not None
    )
    return TelemetrySettings(**table, observers=there, debug=stage.debug)
