"""What comes back: completions, embeddings, usage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from attrs import evolve, field, frozen

from jackfield.types.due import due
from jackfield.types.parts import Citation, Part, Reasoning, Refusal, Text, ToolCall
from jackfield.types.quick import quick
from jackfield.types.requests import Message

if TYPE_CHECKING:
    from decimal import Decimal

    from jackfield.errors import ErrorInfo
    from jackfield.types.charge import Charge

FinishReason: TypeAlias = Literal[
    "stop", "length", "tool_calls", "content_filter", "pause", "error", "unknown"
]
UsageSource: TypeAlias = Literal["reported", "estimated", "unknown"]


_NO_MORE: Mapping[str, float] = {}

# What providers call the tier that is nothing special.
STANDARD_TIERS = frozenset({"", "standard", "default", "auto", "on_demand"})


@quick
@frozen(slots=False)  # a dict takes many frozen fields faster than slots do
class Usage:
    """Tokens in disjoint buckets: nothing is counted twice, so the buckets of a side add up to its total.

    ``more`` holds what is counted otherwise: ``images_out``, ``seconds_in``, ``characters_in``, ``pages`` … .
    """

    input: int = 0  # fresh text, neither read from nor written to a cache
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    input_audio: int = 0
    input_image: int = 0
    output: int = 0  # visible text and tool calls
    reasoning: int = 0
    output_audio: int = 0
    output_image: int = 0
    searches: int = 0
    source: UsageSource = "reported"
    raw: Mapping[str, Any] = field(factory=dict, repr=False)
    tier: str = ""  # the service tier that served, where it is no usual one; "batch" for batches
    more: Mapping[str, float] = _NO_MORE

    @property
    def total_input(self) -> int:
        """All tokens that went in."""
        cached = self.cache_read + self.cache_write + self.cache_write_1h
        return self.input + cached + self.input_audio + self.input_image

    @property
    def total_output(self) -> int:
        """All tokens that came out, reasoning included."""
        return self.output + self.reasoning + self.output_audio + self.output_image

    def in_tier(self, word: object) -> Usage:
        """The same as used in a service tier, by the provider's word for it."""
        if not isinstance(word, str) or word.lower() in STANDARD_TIERS:
            return self
        return evolve(self, tier=word.lower())

    @property
    def known(self) -> bool:
        """Whether the figures mean anything; an unknown usage is not a usage of zero."""
        return self.source != "unknown"


UNKNOWN_USAGE = Usage(source="unknown")


@quick
@frozen
class Finish:
    """Why the model stopped: our word for it, and the provider's."""

    reason: FinishReason
    raw: str | None = None


UNFINISHED = Finish("unknown")


@frozen
class TokenLogprob:
    """One token with its log probability, and the alternatives that were considered."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@frozen
class Notice:
    """Something the caller asked for that was left out, or that the answer does not honour."""

    code: str
    message: str


@quick
@frozen(slots=False)
class Attempt:
    """One physical request: when it ran, how it ended, what it used."""

    number: int
    seconds: float
    status: int | None = None
    request_id: str | None = None
    error: ErrorInfo | None = None
    usage: Usage | None = None


@frozen
class Choice:
    """A further answer to the same prompt (``n`` above 1)."""

    parts: tuple[Part, ...]
    finish: Finish = UNFINISHED
    logprobs: tuple[TokenLogprob, ...] = ()

    @property
    def text(self) -> str:
        """The text of this choice."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


@due("charge")
@quick
@frozen(slots=False, repr=False, str=False)
class Completion:
    """An answer. It prints as its text; ``raw`` is what the provider sent."""

    parts: tuple[Part, ...]
    finish: Finish = UNFINISHED
    usage: Usage = UNKNOWN_USAGE
    model: str = ""  # the model that answered, in the provider's words
    provider: str = ""
    id: str = ""
    request_id: str | None = None
    charge: Decimal | None = None
    value: object = None
    warnings: tuple[Notice, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    alternatives: tuple[Choice, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    raw: Any = None
    cached: bool = False  # it was paid for before, and charged nothing now
    stitched: bool = False  # it broke off on the way, and a further request went on with it

    @property
    def text(self) -> str:
        """The text of the answer, without reasoning."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def reasoning(self) -> str:
        """The reasoning the provider showed."""
        return "".join(part.text for part in self.parts if isinstance(part, Reasoning))

    @property
    def refusal(self) -> str | None:
        """The model's words for declining, if it did."""
        words = [part.text for part in self.parts if isinstance(part, Refusal)]
        return "".join(words) if words else None

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The calls the caller is asked to make; those the provider made itself are in ``parts``."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall) and not part.hosted)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All citations of the answer, in order."""
        return tuple(citation for part in self.parts if isinstance(part, Text) for citation in part.citations)

    @property
    def message(self) -> Message:
        """The answer as a turn, to be sent with the next request: opaque payloads included."""
        return Message("assistant", self.parts)

    @property
    def charge_detail(self) -> Charge | None:
        """The charge with who says so, and both figures where the provider's and ours are known."""
        return _detail(self.charge)

    @property
    def served_by(self) -> str:
        """Provider and model that answered."""
        return f"{self.provider}/{self.model}"

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        used = (
            f"{self.usage.total_input} in, {self.usage.total_output} out"
            if self.usage.known
            else "usage unknown"
        )
        charge = "charge unknown" if self.charge is None else f"${self.charge}"
        return f"<Completion {self.served_by}: {used}, {charge}, {self.finish.reason}>"


@frozen(kw_only=True)
class Answered:
    """What every answer to an operation tells of how it came about."""

    usage: Usage = UNKNOWN_USAGE
    model: str = ""  # the model that answered, in the provider's words
    provider: str = ""
    request_id: str | None = None
    charge: Decimal | None = None
    warnings: tuple[Notice, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    raw: Any = field(default=None, repr=False)

    @property
    def charge_detail(self) -> Charge | None:
        """The charge with who says so, and both figures where the provider's and ours are known."""
        return _detail(self.charge)


def _detail(charge: Decimal | None) -> Charge | None:
    from jackfield.types.charge import Charge  # needed by few

    return charge if charge is None or isinstance(charge, Charge) else Charge(charge)


@frozen
class Embeddings(Answered):
    """Vectors in the order of the texts."""

    vectors: tuple[tuple[float, ...], ...] = field(repr=lambda v: f"<{len(v)} vectors>")
