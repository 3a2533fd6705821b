"""huggingface for jackfield: the shared chat wire, and codecs of its own for tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.plugin import dialect_of, hookimpl

if TYPE_CHECKING:
    from jackfield.plugin import Model, Profile, ProviderSettings, Wire


@hookimpl
def completion(profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
    """The shared wire, with the tasks."""
    from jackfield_huggingface.wire import HuggingFaceWire

    return HuggingFaceWire(dialect_of(profile, model, settings, HuggingFaceWire.defaults))
