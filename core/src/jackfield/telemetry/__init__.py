"""What happens during calls, told to whoever wants to know: logs, OpenTelemetry, observers of one's own."""

from __future__ import annotations

from jackfield.telemetry.events import NAMES, Happening, name_of
from jackfield.telemetry.logs import LogObserver
from jackfield.telemetry.observer import NOBODY, Fence, Observer

__all__ = ["NAMES", "NOBODY", "Fence", "Happening", "LogObserver", "Observer", "name_of"]
