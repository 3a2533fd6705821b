"""How a provider counts tokens, as data: what a ``[[tokens]]`` may say. What no rule says is as with most."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from attrs import frozen

from jackfield.profile.schema import Problems, Table, integer, number, text, texts

TOKENIZERS = ("tiktoken", "tekken", "tokenizers")
"""Kinds of tokenizers: a rule names one as ``kind:name``."""


@frozen
class TokenRule:
    """What some models, or all, make of what is sent: tokens of a text, and what stands around it.

    ``tokenizer`` names one whose count is exact for text: ``tiktoken:NAME`` for an encoding, ``tekken:PACKAGE/FILE``
    and ``tokenizers:PACKAGE/FILE`` for a file inside an installed package, ``tokenizers:REPOSITORY`` for what the
    cache of the model hub holds; ``{model}`` stands for the model's id up to a colon. ``tokenizer_data`` is the
    address the data of an encoding comes from, used where it lies in that package's cache and never fetched; of a
    repository, the folder of the hub's cache where the environment names none.
    """

    models: tuple[str, ...] = ()
    tokenizer: str = ""
    tokenizer_data: str = ""
    scale: float | None = None  # tokens it makes of one of our estimate
    prompt: int | None = None  # around all turns
    turn: int | None = None  # around each turn
    tools: int | None = None  # where there are tools, about calling them at all
    tool: int | None = None  # around each tool
    image: int | None = None  # a picture of any size, where a page says so

    def applies_to(self, model: str) -> bool:
        """Whether the rule is about ``model``."""
        return not self.models or any(fnmatchcase(model, pattern) for pattern in self.models)


@frozen
class Counting:
    """All rules of one model together: of each figure the first that is stated."""

    tokenizer: str = ""
    tokenizer_data: str = ""
    scale: float = 1.0
    prompt: int | None = None
    turn: int | None = None
    tools: int | None = None
    tool: int | None = None
    image: int | None = None


USUAL = Counting()
_NAMES = tuple(Counting.__annotations__)


def counting_of(rules: Iterable[TokenRule], model: str) -> Counting:
    """How tokens of ``model`` are counted."""
    found: dict[str, Any] = {}
    for rule in rules:
        if rule.applies_to(model):
            said = {name: getattr(rule, name) for name in _NAMES}
            found = {**{name: value for name, value in said.items() if value not in (None, "")}, **found}
    if "{model}" in found.get("tokenizer", ""):
        found["tokenizer"] = found["tokenizer"].replace("{model}", model.partition(":")[0])
    return Counting(**found) if found else USUAL


_RULE = Table(
    {
        "models": texts,
        "tokenizer": text,
        "tokenizer_data": text,
        "scale": number,
        "prompt": integer,
        "turn": integer,
        "tools": integer,
        "tool": integer,
        "image": integer,
    }
)


def token_rule(raw: object, path: str, problems: Problems) -> TokenRule:
    """One ``[[tokens]]``."""
    fields = _RULE(raw, path, problems)
    kind, colon, name = fields.get("tokenizer", "").partition(":")
    if fields.get("tokenizer") and (kind not in TOKENIZERS or not colon or not name):
        problems.append(f"{path}.tokenizer: must be one of {', '.join(TOKENIZERS)}, a colon and a name")
    if not fields.get("scale", 1) > 0:
        problems.append(f"{path}.scale: must be above 0")
    return TokenRule(**fields)
