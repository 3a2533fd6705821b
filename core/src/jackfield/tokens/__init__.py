"""How many tokens something is: counted by a tokenizer where its data is at hand, else estimated, always labelled."""

from __future__ import annotations

from jackfield.tokens.count import Counted, count, count_text
from jackfield.tokens.estimate import Estimate, estimate, estimate_text

__all__ = ["Counted", "Estimate", "count", "count_text", "estimate", "estimate_text"]
