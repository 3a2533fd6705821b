"""The observers that settings name, made once for a client."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from jackfield.errors import BadConfig, ErrorInfo
from jackfield.telemetry import NOBODY, Fence, LogObserver, Observer
from jackfield.telemetry.logs import LOGGER

if TYPE_CHECKING:
    from jackfield.config import Settings
    from jackfield.config.telemetry import TelemetrySettings
    from jackfield.registry import Registry

BUILT_IN = ("log", "otel")


def fence_of(settings: Settings, registry: Registry) -> Fence:
    """All observers that are set, behind their fence."""
    stated = settings.telemetry
    if not stated.observers:
        return NOBODY
    return Fence([_observer(name, stated, registry) for name in dict.fromkeys(stated.observers)])


def _observer(name: str, stated: TelemetrySettings, registry: Registry) -> Observer:
    if name == "log":
        logger = logging.getLogger(LOGGER)
        if stated.debug and logger.level == logging.NOTSET:
            logger.setLevel(logging.DEBUG)
        return LogObserver(logger)
    if name == "otel":
        from jackfield.telemetry.otel import OtelObserver

        observer = OtelObserver(capture=stated.capture, aliases=stated.aliases)
        observer.meters.watch("jackfield.plugin.info", lambda: _packages(registry))
        observer.meters.watch("jackfield.price.age", lambda: _ages(registry))
        return observer
    return _of_extension(name, registry)


def _packages(registry: Registry) -> Iterator[tuple[float, dict[str, str]]]:
    """The packages of providers: what each is, and how good it claims to be."""
    for profile in registry.profiles():
        name, version = registry.installed(profile.id)
        level = profile.quality.level
        yield 1, {"dist": name, "version": version, "spec": str(profile.spec), "level": level}


def _ages(registry: Registry) -> Iterator[tuple[float, dict[str, str]]]:
    """How many seconds ago the prices of each provider were looked at, by the oldest of them."""
    from jackfield.registry.shelves import Shelves

    now = datetime.now(UTC)
    for shelf in Shelves(registry)():
        days = [day for _, day in shelf.sources if day]
        if days:
            oldest = datetime.fromisoformat(min(days)).replace(tzinfo=UTC)
            yield (now - oldest).total_seconds(), {"provider": shelf.provider}


def _of_extension(name: str, registry: Registry) -> Observer:
    """The observer an extension offers: an object with ``observe``, or a class of such."""
    names = [*BUILT_IN, *(entry.name for entry in registry.extensions())]
    if name not in names:
        near = get_close_matches(name, names, 1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(names)}"
        msg = f"telemetry.observers: no observer `{name}` is installed"
        raise BadConfig(ErrorInfo("config", msg, hint=hint))
    found: Any = registry.extension(name)
    observer = found() if isinstance(found, type) else found
    if not callable(getattr(observer, "observe", None)):
        msg = f"telemetry.observers: the extension `{name}` has no `observe`"
        raise BadConfig(ErrorInfo("config", msg, hint="its documentation says what it offers"))
    return observer  # type: ignore[no-any-return]  # it has what the protocol asks for
