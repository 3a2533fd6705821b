"""What providers say themselves of their models: kept for an hour, and joined with what their packages know."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen

from jackfield.catalogue.index import Shelf, table_of
from jackfield.profile import Model

if TYPE_CHECKING:
    from jackfield.profile import Profile
    from jackfield.types import ModelInfo

HOUR = 3600.0
_FORM = 1


@frozen
class Told:
    """The models a provider offered to this user, and when it said so, in seconds since 1970."""

    at: float
    models: tuple[ModelInfo, ...]

    def fresh(self, now: float, max_age: float = HOUR) -> bool:
        """Whether it is young enough to be taken for true."""
        return 0 <= now - self.at < max_age


def file_of(folder: Path, provider: str, base_url: str) -> Path:
    """Where the list of a provider at an address is kept."""
    return folder / f"{provider}-{zlib.crc32(base_url.encode()):08x}.json"


def read_told(file: Path) -> Told | None:
    """A list that was kept; ``None`` if there is none that can be read."""
    import json

    from jackfield.types import ModelInfo

    try:
        kept = json.loads(file.read_bytes())
        if kept["form"] != _FORM:
            return None
        models = tuple(ModelInfo(**{**one, "created": _moment(one["created"])}) for one in kept["models"])
        return Told(float(kept["at"]), models)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # it is asked for anew


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def keep_told(file: Path, told: Told) -> None:
    """Keep a list; where that cannot be written it is asked for each time."""
    import json

    models = [_plain(model) for model in told.models]
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as opened:
            json.dump({"form": _FORM, "at": told.at, "models": models}, opened, ensure_ascii=False)
        draft.replace(file)
    except OSError:
        return


def _plain(model: ModelInfo) -> dict[str, Any]:
    return {
        "id": model.id,
        "name": model.name,
        "created": None if model.created is None else model.created.isoformat(),
        "owner": model.owner,
        "context": model.context,
        "max_output": model.max_output,
    }


def live_shelf(profile: Profile, models: Iterable[ModelInfo]) -> Shelf:
    """The models a provider offers, with all that its package knows of them."""
    known = {name: model for model in profile.models for name in (*model.aliases, model.id)}
    joined = tuple(_joined(known.get(told.id), told) for told in models)
    return Shelf(table_of(attrs.evolve(profile, models=joined)), "live")


def told_shelf(shelf: Shelf, folder: Path, now: float) -> Shelf:
    """A provider's table, and below it the models that only a list names which was kept within the hour."""
    known = {*shelf.ids, *(alias for _, aliases in shelf.column("aliases") for alias in aliases)}
    new = [
        (model.id, model.context, model.max_output)
        for file in sorted(folder.glob(f"{shelf.provider}-*.json"))
        if file.stem.rpartition("-")[0] == shelf.provider
        and (told := read_told(file)) is not None
        and told.fresh(now)
        for model in told.models
        if model.id not in known
    ]
    return shelf.joined(list(dict.fromkeys(new))) if new else shelf


def _joined(known: Model | None, told: ModelInfo) -> Model:
    """What the provider says counts for more than what its package knows."""
    model = known or Model(told.id)
    context = model.context if told.context is None else told.context
    max_output = model.max_output if told.max_output is None else told.max_output
    return attrs.evolve(model, id=told.id, context=context, max_output=max_output)
