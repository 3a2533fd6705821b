"""Models that are about to be switched off, or have been: told once, when the model is bound."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from jackfield.types import Notice

if TYPE_CHECKING:
    from jackfield.profile import Model, Profile

_told: set[str] = set()


def deprecation(profile: Profile, model: Model, today: date) -> Notice | None:
    """What to tell of a model that does not stay."""
    day = model.deprecated
    if day is None:
        return None
    when = f"is switched off on {day}" if today < day else f"was to be switched off on {day}"
    instead = f"; use `{profile.id}/{model.replacement}`" if model.replacement else ""
    return Notice("model_deprecated", f"`{profile.id}/{model.id}` {when}{instead}")


def tell_deprecation(profile: Profile, model: Model) -> None:
    """Log it, once a process for each model."""
    if model.deprecated is None or (name := f"{profile.id}/{model.id}") in _told:
        return
    notice = deprecation(profile, model, date.today())  # noqa: DTZ011  # a day of the user's calendar
    if notice is not None:
        import logging

        _told.add(name)
        logging.getLogger("jackfield").warning("%s", notice.message)
