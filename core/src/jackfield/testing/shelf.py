"""The folder of a provider's cassettes: what is missing or old in it, how large it is, what a new recording changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from jackfield.errors import Blocked, ErrorInfo, JackfieldError
from jackfield.testing.tape import Cassette, Interaction

FRESH: Final = 180
"""The days after which what was recorded says little of what is served."""

LARGEST_FOLDER: Final = 1 << 20
"""All cassettes of a provider together: everybody who checks it out has them."""

STALE: Final = "_stale"
MISSING, OLD, SET_ASIDE, THERE = "missing", "stale", "set aside", "exists"


def age_of(cassette: Cassette, today: date | None = None) -> int:
    """The days since it was recorded; very many where nobody said when."""
    return ((today or datetime.now(UTC).date()) - (cassette.day or date.min)).days


@frozen
class Shelf:
    """A folder of cassettes, and beside them those that are to be recorded anew."""

    folder: Path

    def file(self, name: str) -> Path:
        """Where a cassette is kept."""
        return self.folder / f"{name}.yaml"

    def stale_file(self, name: str) -> Path:
        """Where a cassette is put that a test failed with."""
        return self.folder / STALE / f"{name}.yaml"

    def state(self, name: str) -> str:
        """Whether there is a cassette; one that is old, set aside or cannot be read is to be recorded anew."""
        if not self.file(name).exists():
            return SET_ASIDE if self.stale_file(name).exists() else MISSING
        try:
            cassette = Cassette.load(self.file(name))
        except JackfieldError:
            return OLD
        old = cassette.origin == "recorded" and age_of(cassette) > FRESH
        return OLD if old else THERE

    def set_aside(self, name: str) -> Path:
        """Put a cassette where the next recording replaces it."""
        target = self.stale_file(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        return self.file(name).replace(target)

    def before(self, name: str) -> Cassette | None:
        """The cassette that a new one replaces."""
        for file in (self.file(name), self.stale_file(name)):
            try:
                return Cassette.load(file)
            except JackfieldError:
                continue  # not there, or nobody can read it
        return None

    def put(self, cassette: Cassette) -> Path:
        """Write a cassette in the place of the old one; refuse what makes the folder too large."""
        file = self.file(cassette.name)
        others = sum(one.stat().st_size for one in self.folder.glob("*.yaml") if one != file)
        size = others + len(cassette.dump())
        if size > LARGEST_FOLDER:
            msg = f"the cassette `{cassette.name}` is not written: all together would have {size:,} bytes, which is more than {LARGEST_FOLDER:,}"
            hint = "record shorter exchanges, or take out what no test needs"
            raise Blocked(ErrorInfo("local.guard", msg, hint=hint, sent="yes"))
        cassette.save(file)
        self.stale_file(cassette.name).unlink(missing_ok=True)
        return file


def changes(old: Cassette | None, new: Cassette) -> list[str]:
    """What a new recording has that an old one had not, and the other way round: names, never values."""
    if old is None:
        return []
    told = [] if old.origin == new.origin else [f"{new.origin}, not {old.origin}"]
    if len(old.interactions) != len(new.interactions):
        told.append(f"{len(new.interactions)} exchanges, not {len(old.interactions)}")
    for number, (was, now) in enumerate(zip(old.interactions, new.interactions, strict=False), 1):
        told += [f"{number}. {text}" for text in _changed(was, now)]
    return told


def _changed(was: Interaction, now: Interaction) -> Iterator[str]:
    if was.status != now.status:
        yield f"status {now.status}, not {was.status}"
    if was.streamed != now.streamed:
        yield "streamed" if now.streamed else "not streamed"
    for what, before, after in (
        ("request", _places(was.asked), _places(now.asked)),
        ("answer", _places_of(was), _places_of(now)),
        ("headers of the answer", set(was.reply_headers), set(now.reply_headers)),
    ):
        if after - before:
            yield f"{what}: new {', '.join(sorted(after - before))}"
        if before - after:
            yield f"{what}: gone {', '.join(sorted(before - after))}"


def _places_of(one: Interaction) -> set[str]:
    """The fields of an answer: of its JSON, or of all records of its stream."""
    if one.answered is not None:
        return _places(one.answered)
    from jackfield.testing.scan import records

    text = one.reply_body.decode("utf-8", "replace")
    return {place for record in records(text) for place in _places(record)}


def _places(value: Any, at: str = "") -> set[str]:
    """The dotted paths of a JSON value; the items of a list share one."""
    if isinstance(value, dict):
        return {found for name, one in value.items() for found in _places(one, f"{at}.{name}".lstrip("."))}
    if isinstance(value, list):
        return {found for one in value for found in _places(one, f"{at}[]")} or {at}
    return {at} if at else set()
