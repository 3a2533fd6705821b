"""Where calls go: hosts by location, and paths by project, publisher and model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

import attrs
from attrs import frozen

from jackfield.errors import BadConfig, ErrorInfo
from jackfield.plugin import Dialect, dialect_of
from jackfield_vertex.origin import origin_of, project_in, stated

if TYPE_CHECKING:
    from typing import Any

    from jackfield.plugin import Model, Profile, ProviderSettings

Segment: TypeAlias = str | tuple[str, ...]
Path: TypeAlias = tuple[Segment, ...]

_HOST = "https://{location}-aiplatform.googleapis.com"
_HOSTS: Mapping[str, str] = {
    "global": "https://aiplatform.googleapis.com",
    "us": "https://aiplatform.us.rep.googleapis.com",
    "eu": "https://aiplatform.eu.rep.googleapis.com",
}
# A location becomes part of a host's name, and may come from a file somebody else wrote.
_LOCATION = re.compile(r"[a-z]{2,20}(-[a-z0-9]{1,20}){0,3}")


@frozen
class Place:
    """A project at a location; without a project, as calls with a key have none."""

    base: str
    project: str = ""
    location: str = ""

    def under(self, *segments: Segment) -> Path:
        """The path of ``segments``, below the project if there is one."""
        if not self.project:
            return segments
        return ("projects", self.project, "locations", self.location, *segments)

    def model(self, publisher: str, model: str, method: str) -> Path:
        """The path of a publisher's model, to be asked in a certain way."""
        return self.under("publishers", publisher, "models", (model, method))


def place_of(profile: Profile, settings: ProviderSettings, *, keyed: bool = False) -> Place:
    """Where a provider's calls go by its settings; ``keyed`` ones go without a project."""
    location = settings.chosen.get("location", "global")
    if _LOCATION.fullmatch(location) is None:
        msg = f"the location of `{profile.id}` is no name of a region"
        hint = 'as in `location = "europe-west4"`, or "global"'
        raise BadConfig(ErrorInfo("config", msg, provider=profile.id, hint=hint))
    base = settings.base_url
    if not base:
        host = _HOSTS["global"] if keyed else _HOSTS.get(location, _HOST.format(location=location))
        base = f"{host}/{profile.base_path}"
    return Place(base) if keyed else Place(base, _project(profile, settings), location)


def _project(profile: Profile, settings: ProviderSettings) -> str:
    """The project that is set, or else the one the credentials belong to."""
    project = settings.chosen.get("project") or project_in(origin_of(stated(profile, settings)))
    if project:
        return project
    names = ", ".join(f"`{name}`" for name in profile.settings["project"].env)
    msg = f"no Google Cloud project is set for `{profile.id}`, and its credentials name none"
    hint = f"set `project` under `[providers.{profile.id}]`, or {names}"
    raise BadConfig(ErrorInfo("config", msg, provider=profile.id, hint=hint))


def located_dialect(
    profile: Profile,
    model: Model,
    settings: ProviderSettings,
    defaults: Mapping[str, Any],
    place: Place,
) -> Dialect:
    """How a provider speaks, at a place."""
    return dialect_of(profile, model, attrs.evolve(settings, base_url=place.base), defaults)


def asked_of(path: Path) -> tuple[str, str]:
    """The model and the method at the end of a path, however its pieces were cut; empty if there are none."""
    last = path[-1] if path else ""
    if isinstance(last, tuple):
        return (last[0], last[-1]) if len(last) > 1 else ("", "")
    model, colon, method = last.rpartition(":")
    return (unquote(model), method) if colon else ("", "")
