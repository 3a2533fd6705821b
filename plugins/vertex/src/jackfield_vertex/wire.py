"""The format ``generateContent`` below a project, a location and a publisher, with predictions beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from jackfield.wire.generate_content import GenerateContent
from jackfield_vertex.origin import is_keyed
from jackfield_vertex.place import Path, Place, asked_of, located_dialect, place_of

if TYPE_CHECKING:
    from jackfield.plugin import Dialect, Model, Profile, ProviderSettings
    from jackfield.wire.operation import Operations

PUBLISHER = "google"
ENDPOINTS, PUBLISHERS = "endpoints", "publishers"
OFFERED = ("embed", "count_tokens", "image", "speak", "transcribe")
"""What is offered here of what the format can do: there are no files, and batches live in storage."""


class VertexContent(GenerateContent):
    """Both halves of the format, at a place.

    A model is one of Google's by its name alone, ``endpoints/ID`` for one that was tuned or deployed, or
    ``publishers/NAME/models/ID`` for another's that speaks the format.
    """

    defaults: ClassVar[Mapping[str, Any]] = {
        **GenerateContent.defaults,
        "instances": 0,  # texts that one prediction makes vectors of; with 0 the format's own way is used
    }

    def __init__(self, dialect: Dialect, place: Place) -> None:
        super().__init__(dialect)
        self.place = place
        self._offered: Operations | None = None

    @classmethod
    def at(cls, profile: Profile, model: Model, settings: ProviderSettings) -> Self:
        """The wire for a provider's settings; a key goes without a project."""
        place = place_of(profile, settings, keyed=is_keyed(profile, settings))
        return cls(located_dialect(profile, model, settings, cls.defaults, place), place)

    def model_path(self, model: str) -> Path:
        """The segments that lead to ``model``."""
        steps = tuple(model.split("/"))
        if len(steps) > 1 and steps[0] in (ENDPOINTS, PUBLISHERS):
            return self.place.under(*steps)
        return self.place.under(PUBLISHERS, PUBLISHER, "models", model)

    def path_model(self, path: Path) -> tuple[str, str]:
        """Model and verb that a path names. The opposite of ``verb_path``."""
        model, verb = asked_of(path)
        before = [step for step in path[:-1] if isinstance(step, str)]
        if before[-1:] == [ENDPOINTS]:
            return f"{ENDPOINTS}/{model}", verb
        if len(before) > 2 and before[-3] == PUBLISHERS and before[-2] != PUBLISHER:
            return "/".join((*before[-3:], model)), verb
        return model, verb

    def operations(self) -> Operations:
        """What is offered here besides completions."""
        if self._offered is None:
            from jackfield_vertex.predict import Embed  # most clients only chat

            found = super().operations()
            own = {name: found[name] for name in OFFERED if name in found}
            self._offered = {**own, "embed": Embed(self)}
        return self._offered
