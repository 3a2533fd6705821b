"""Counting without the provider: by its tokenizer where that is at hand, else by estimate. Which one is always told."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from jackfield.profile.counting import USUAL, Counting
from jackfield.tokens.estimate import Estimate, around, estimate, media, texts
from jackfield.tokens.tokenizer import tokenizer_for
from jackfield.types import Request

Source: TypeAlias = Literal["provider", "tokenizer", "estimate"]


class Counted(NamedTuple):
    """A number of tokens, who counted, and how far off it may be."""

    range: Estimate
    source: Source
    by: str  # the tokenizer, or what estimates
    unknown: tuple[str, ...] = ()  # kinds of media whose tokens nobody states

    @property
    def tokens(self) -> int:
        """The most likely number."""
        return self.range.likely


def count_text(text: str, counting: Counting = USUAL) -> Counted:
    """The tokens of a text alone."""
    from jackfield.tokens.estimate import estimate_text

    counter = tokenizer_for(counting)
    if counter is None:
        return Counted(estimate_text(text, counting), "estimate", "characters by kind")
    number = counter(text)
    return Counted(Estimate(number, number, number), "tokenizer", counting.tokenizer)


def count(request: Request, counting: Counting = USUAL) -> Counted:
    """The tokens a request takes in. What a provider writes around the words is estimated in any case."""
    unknown = media(request, counting)
    counter = tokenizer_for(counting)
    if counter is None:
        return Counted(estimate(request, counting), "estimate", "characters by kind", unknown)
    number = sum(map(counter, texts(request)))
    low, likely, high = around(request, counting)
    exact = Estimate(number + low, number + likely, number + high)
    return Counted(exact, "tokenizer", counting.tokenizer, unknown)
