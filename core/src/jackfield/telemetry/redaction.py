"""What is taken out of content before it is captured: credentials by their shapes. Every pattern is linear."""

from __future__ import annotations

import re

LONGEST = 65_536
"""Characters that are captured of one text; the rest is cut."""

# Label -> shape. A keyword has to stand there before the pattern is tried, so that most texts are passed quickly.
_SHAPES: tuple[tuple[str, str, str], ...] = (
    ("API_KEY", "sk-", r"\bsk-[A-Za-z0-9_-]{16,200}"),
    # A short name, then letters with a digit among them: the form of nearly everybody's keys.
    ("API_KEY", "-", r"\b[a-z][a-z0-9]{1,5}-(?=[A-Za-z0-9_]{0,60}\d)[A-Za-z0-9_]{20,200}"),
    ("API_KEY", "_", r"\b[a-z][a-z0-9]{1,5}_(?=[A-Za-z0-9]{0,60}\d)[A-Za-z0-9]{20,200}"),
    ("API_KEY", "AIza", r"\bAIza[A-Za-z0-9_-]{20,100}"),
    ("ACCESS_TOKEN", "ya29.", r"\bya29\.[A-Za-z0-9_-]{16,400}"),
    ("ACCESS_KEY", "A", r"\b(?:AKIA|ASIA|ABIA|ACCA|AGPA|A3T[A-Z0-9])[A-Z0-9]{12,16}\b"),
    ("TOKEN", "gh", r"\bgh[opsur]_[A-Za-z0-9]{20,255}"),
    ("TOKEN", "xox", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,200}"),
    ("JWT", "eyJ", r"\beyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,1000}"),
    ("BEARER", "earer ", r"\b[Bb]earer [A-Za-z0-9._~+/=-]{16,4000}"),
    ("PRIVATE_KEY", "PRIVATE KEY", r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,8000}"),
    ("SSN", "-", r"\b\d{3}-\d{2}-\d{4}\b"),
)
_COMPILED = tuple((label, keyword, re.compile(shape)) for label, keyword, shape in _SHAPES)


def redacted(text: str) -> str:
    """``text`` with what looks like a credential replaced, and no longer than what is captured."""
    if len(text) > LONGEST:
        text = text[:LONGEST]
    for label, keyword, shape in _COMPILED:
        if keyword in text:
            text = shape.sub(f"[REDACTED_{label}]", text)
    return text
