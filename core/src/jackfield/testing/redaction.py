"""Takes what is secret out of a recorded exchange, before anything of it is written.

Headers pass by an allow-list of names, each with the form its value must have: what nobody thought of is left
out, not let through. In bodies and addresses three things are masked: the credentials in use, in whatever
encoding; values whose name says what they are; texts of the shape of a key. A mask is as long as what it hides,
so that the pieces of a stream end where they ended, and it says ``REDACTED``, which matches anything on replay.
"""

from __future__ import annotations

import base64
import json
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import urlsplit
from zlib import crc32

import attrs
from attrs import frozen

from jackfield.framing.event_stream import MEDIA_TYPE, OVERHEAD, PRELUDE
from jackfield.testing.tape import Interaction
from jackfield.wire.call import Headers

SHORTEST: Final = 8
"""Shorter values are no credentials; to look for them would mask words."""

PIECE: Final = 16
"""So much of a credential, from its start or its end, gives it away."""

# -- what keys look like ---------------------------------------------------------------------------

# Identifiers that providers hand out freely: their random part is none of a key.
_IDS: Final = (
    "asst|batch|call|chat|chatcmpl|ci|cmpl|compl|conv|embd|ext|fc|file|fp|gen|ig|item|job|mcp|mcpl|mcpr|mcptoolu|modr|msg|msgbatch|pmpt|req|"
    "resp|rs|run|sess|srvtoolu|step|thread|tool|toolu|tooluse|trace|ts|vs|ws"
)

SHAPES: Final[Mapping[str, re.Pattern[bytes]]] = {
    name: re.compile(pattern.encode(), re.DOTALL)
    for name, pattern in {
        "a private key": r"-----BEGIN[A-Z ]{1,30}PRIVATE KEY-----[^\"<>]*?(?:-----END[A-Z ]{1,30}PRIVATE KEY-----|(?=[\"<>]|$))",
        "a bearer token": r"(?i:bearer)(?:\s|%20|\+)+(?!REDA)[\w.~+/=-]{12,}",
        "a name and password": r"(?<=://)(?!REDA)[^/\s:@\"'\\]{1,200}:[^/\s:@\"'\\]{1,200}(?=@)",
        "a signed token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?",
        "a key of a cloud account": r"\b(?:AKIA|ASIA|AROA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\bya29\.[\w-]{16,}|\b1//0[\w-]{20,}",
        "a key of a code host": r"\b(?:gh[oprsu]_\w{20,}|[a-z]{2,8}_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,})",
        "an API key": r"\b(?:sk|pk|rk|gsk|csk|hf|r8|nvapi|pcsk|fw|tgp|esecret|apikey|api[-_]key)[-_](?!REDA)(?=[\w.-]*[0-9*])[\w*.-]{8,}",
        "a random text with a prefix": (
            rf"(?<![\w-])(?!(?:{_IDS})[-_])[a-z]{{2,8}}[-_](?=\w*[0-9])(?=\w*[a-z])(?=\w*[A-Z])[A-Za-z0-9]{{24,}}(?![\w/+=-])"
        ),
        "a signature": r"(?i)(?<=[?&])(?:x-[a-z]+-(?:signature|credential|security-token)|sig|signature|accountkey)=(?!REDA)[^&\s\"'\\]{8,}",
        "a key in an address": r"(?i)(?<=[?&])(?:key|api[-_]?key|access[-_]?token|token|subscription-key)=(?!REDA)[^&\s\"'\\]{8,}",
        "an account number": r"(?<=arn:aws:)[\w-]*:[\w-]*:\d{12}(?=:)",
        "a mail address": r"\b(?!REDA)[\w.+-]{1,64}@(?!(?:[\w-]+\.)*(?:example\.\w+|example|test|invalid)\b)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,12}\b",
    }.items()
}
"""What a text must look like to be taken for a secret, whoever's it is."""

# Names whose values are masked, wherever JSON, a form or an address says them.
_NAMES: Final = (
    r"(?:x[-_])?api[-_]?key|(?:access|refresh|id|session|auth|security|bearer|csrf)[-_]?token|authorization|cookie|set-cookie|"
    r"(?:client|app|shared)?[-_]?secret(?:[-_]?(?:access)?[-_]?key)?|password|passwd|passphrase|private[-_]?key(?:[-_]?id)?|"
    r"credentials?|client[-_]?(?:id|email)|aws_?access_?key_?id|access[-_]?key(?:[-_]?id)?|"
    r"(?:org(?:ani[sz]ation)?|account|tenant|subscription|user|workspace|team|project|customer|billing)[-_]?id|"
    r"organi[sz]ation|e?mail(?:[-_]?address)?|user[-_]?email|user[-_]?name|phone(?:[-_]?number)?|ip[-_]?address|request[-_]?id"
)
_QUOTE: Final = r"\\*[\"']"
_NAMED: Final = re.compile(
    rf"({_QUOTE}(?:{_NAMES}){_QUOTE}\s*:\s*\[?\s*{_QUOTE})([^\"'\\]{{4,}})".encode(), re.IGNORECASE
)
_NUMBERED: Final = re.compile(
    rf"({_QUOTE}(?:{_NAMES}){_QUOTE}\s*:\s*)(\d{{4,}})(?![\d.eE])".encode(), re.IGNORECASE
)
_IN_FORM: Final = re.compile(
    rf"((?:^|[?&\s;])(?:{_NAMES}|key|sig)=)([^&\s\"';]{{4,}})".encode(), re.IGNORECASE
)
_SECRET_HEADER: Final = re.compile(
    r"auth|key|token|secret|cookie|signature|credential|password", re.IGNORECASE
)
_ACCOUNT: Final = re.compile(
    r"org(?:ani[sz]ation)?\b|account|project|tenant|workspace|user(?!-agent)|team|customer", re.IGNORECASE
)
_ACCOUNT_NAME: Final = re.compile(_NAMES, re.IGNORECASE)

MASKED: Final = re.compile(r"REDA(?:CTEDREDA)*(?:CTEDRED|CTEDRE|CTEDR|CTED|CTE|CT|C)?(?:\d\d)?")
"""What a mask looks like: of any length, with a number at its end that tells different ones apart."""


def without_secrets(text: str) -> str:
    """``text`` with everything masked that looks like a secret, for messages."""
    data = text.encode("utf-8", "replace")
    for shape in SHAPES.values():
        data = shape.sub(b"***", data)
    return _NAMED.sub(rb"\1***", data).decode("utf-8", "replace")


# -- credentials in use ----------------------------------------------------------------------------


@frozen
class Known:
    """The values that must not be seen, with where each comes from. Nothing shows them."""

    values: Mapping[str, str] = attrs.field(factory=dict, repr=False)  # value -> where it comes from

    @classmethod
    def of(cls, values: Iterable[tuple[str, str]]) -> Known:
        """Values with their places. A document, as cloud accounts' key files are, is taken apart as well."""
        found: dict[str, str] = {}
        for value, place in values:
            for part in _parts(value.strip()):
                found.setdefault(part, place)
        return cls({value: found[value] for value in sorted(found, key=len, reverse=True)})

    def plus(self, values: Iterable[tuple[str, str]]) -> Known:
        """These and more."""
        return Known.of([*self.values.items(), *values])

    def patterns(self) -> Iterator[tuple[re.Pattern[bytes], str]]:
        """Where each value shows: as it is or escaped, as base64 or hexadecimal, whole or a telling piece."""
        for value, place in self.values.items():
            yield _pattern(value), place


def _parts(value: str) -> Iterator[str]:
    """A value and, where it is a document, the secrets in it."""
    document = None
    if value[:1] == "{":
        try:
            document = json.loads(value)
        except ValueError:
            document = None
    if isinstance(document, dict):
        named = (str(found) for name, found in document.items() if _ACCOUNT_NAME.search(name))
        yield from (found for found in named if len(found) >= SHORTEST)
    elif len(value) >= SHORTEST:
        yield value


def _pattern(value: str) -> re.Pattern[bytes]:
    forms = {_escaped(value)}
    raw = value.encode()
    if len(value) >= 2 * PIECE and re.fullmatch(r"[\w.~+/=*-]+", value):
        forms |= {_escaped(value[:PIECE]) + r"[\w.~+/=-]*", _escaped(value[-PIECE:])}
    forms |= {re.escape(form) for form in _base64(raw)}
    if len(value) >= 12:
        forms.add(raw.hex())
    longest_first = sorted(forms, key=len, reverse=True)
    return re.compile("|".join(longest_first).encode(), re.IGNORECASE)


def _escaped(value: str) -> str:
    """An expression for a text however its characters are escaped: for JSON, for JSON in JSON, for addresses."""
    return "".join(
        rf"(?:\\*{re.escape(one)}|\\+u00{ord(one):02x}|%{ord(one):02x}|%25{ord(one):02x})" for one in value
    )


def _base64(raw: bytes) -> Iterator[str]:
    """What of a text's base64 does not depend on what stands around it, for each of three places to begin."""
    for lead in range(3):
        text = base64.b64encode(b"\0" * lead + raw).decode()
        certain = text[-(-lead * 8 // 6) : len(text.rstrip("=")) - (1 if (lead + len(raw)) % 3 else 0)]
        if len(certain) >= SHORTEST:
            yield certain
            yield certain.replace("+", "-").replace("/", "_")


# -- what passes -----------------------------------------------------------------------------------

_KIND: Final = re.compile(
    r"[\w.+-]{1,60}/[\w.+*-]{1,80}(?:\s*;\s*(?:charset|boundary|version)=[\w\"'-]{1,80})?"
)
_WAIT: Final = re.compile(r"[\d.]{1,12}|\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT")
_WORD: Final = re.compile(r"[\w.,;= -]{1,120}")
_STEP: Final = (
    r"(?:[\d.]{1,12}(?:ms|s|m|h|d)?){1,6}|\d{4}-\d\d-\d\dT[\d:.]{5,15}(?:Z|[+-][\d:]{4,5})|[a-zA-Z]{1,16}"
)
_LIMITS: Final = re.compile(rf'(?:"?(?:{_STEP})"?(?:[;,= ]+|$)){{1,12}}')
_NUMBER: Final = re.compile(r"[\d.]{1,12}")

REQUEST_HEADERS: Final[Mapping[str, re.Pattern[str]]] = {
    "content-type": _KIND,
    "accept": _KIND,
    "*-version": _WORD,
    "*-beta": _WORD,
}
"""Request headers that are kept, with the form of their values."""

REPLY_HEADERS: Final[Mapping[str, re.Pattern[str]]] = {
    "content-type": _KIND,
    "retry-after": _WAIT,
    "retry-after-ms": _NUMBER,
    "x-ms-retry-after-ms": _NUMBER,
    "x-should-retry": re.compile("true|false"),
    "*ratelimit*": _LIMITS,
    "*-token-count": _NUMBER,
}
"""Headers of answers that are kept, with the form of their values. The request's id is kept as a fixed fake."""

FAKE_ID: Final = "req_0"


@frozen
class Redactor:
    """Redacts the exchanges of one provider.

    ``own`` are headers the profile itself sends, ``allowed`` what else the author lets through, ``ids`` the
    headers that may hold a request's id, ``renamed`` what stands for parts of addresses that name an account.
    """

    known: Known
    own: Mapping[str, str] = attrs.field(factory=Headers)
    allowed: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    renamed: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    key_pattern: str = ""

    def interaction(self, one: Interaction) -> Interaction:
        """The exchange without what is secret in it."""
        clean = _Cleaning(self.learnt(one), self.renamed, self.key_pattern)
        sizes = [len(chunk) for chunk in one.chunks]
        body = clean.body(one.reply_body, one.reply_headers)
        assert len(body) == sum(sizes)
        return attrs.evolve(
            one,
            uri=clean.address(one.uri),
            headers=self._request_headers(one.headers, clean),
            body=clean.body(clean.renaming(one.body), one.headers),
            reply_headers=self._reply_headers(one.reply_headers, clean),
            reply_body=body,
            chunks=tuple(_cut(body, sizes)),
        )

    def text(self, words: str) -> str:
        """Words without what is secret in them."""
        return _Cleaning(self.known, self.renamed, self.key_pattern).text(words)

    def learnt(self, one: Interaction, known: Known | None = None) -> Known:
        """What must not be seen of this exchange besides: what signs it, and what its other headers tell."""
        seen = self.known if known is None else known
        told = (pair for pair in _told(one.reply_headers) if pair[0].encode() not in one.body)
        return seen.plus([*credentials_of(one.headers, self._stated), *told])

    def _stated(self, name: str, value: str) -> bool:
        """Whether a header of a request is one that everybody sends."""
        return self.own.get(name) == value or _passes(name, value, REQUEST_HEADERS)

    def _request_headers(self, headers: Mapping[str, str], clean: _Cleaning) -> Headers:
        kept = {
            name: value
            for name, value in headers.items()
            if name in self.allowed or self._stated(name, value)
        }
        return Headers({name: clean.text(value) for name, value in kept.items()})

    def _reply_headers(self, headers: Mapping[str, str], clean: _Cleaning) -> Headers:
        kept = Headers()
        for name, value in headers.items():
            if name in self.ids:
                kept[name] = FAKE_ID
            elif name in self.allowed or _passes(name, value, REPLY_HEADERS):
                kept[name] = clean.text(value)
        return kept


def credentials_of(
    headers: Mapping[str, str], stated: Callable[[str, str], bool]
) -> Iterator[tuple[str, str]]:
    """The secrets that a signed request shows: what its headers of such names hold, and the parts of that."""
    for name, value in headers.items():
        if _SECRET_HEADER.search(name) and not stated(name, value):
            scheme, _, rest = value.partition(" ")
            yield rest.strip() or scheme, f"header `{name}`"
            yield from ((part, f"header `{name}`") for part in _random_parts(value))


def _told(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What an answer's headers tell of whose account it is."""
    for name, value in headers.items():
        if _passes(name, value, REPLY_HEADERS) or "ratelimit" in name:
            continue
        if _ACCOUNT.search(name) and not value.islower():
            yield value, f"header `{name}`"
        elif _SECRET_HEADER.search(name):
            yield from ((part, f"header `{name}`") for part in _random_parts(value))


def _random_parts(value: str) -> Iterator[str]:
    return filter(_is_random, re.split(r"[\s,;=/]+", value))


def _is_random(text: str) -> bool:
    return len(text) >= 12 and bool(re.search(r"\d", text) and re.search(r"[A-Za-z]", text))


def _passes(name: str, value: str, table: Mapping[str, re.Pattern[str]]) -> bool:
    return any(fnmatchcase(name, pattern) and form.fullmatch(value) for pattern, form in table.items())


def _cut(body: bytes, sizes: Iterable[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield body[at : at + size]
        at += size


class _Cleaning:
    """The cleaning of one exchange: the same value gets the same mask wherever it stands."""

    def __init__(self, known: Known, renamed: Mapping[str, str], key_pattern: str) -> None:
        shapes = list(SHAPES.values())
        if key_pattern:
            shapes.append(re.compile(key_pattern.strip("^$").encode()))
        self._patterns = [*(pattern for pattern, _ in known.patterns()), *shapes]
        self._renamed = sorted(renamed.items(), key=lambda pair: len(pair[0]), reverse=True)
        self._numbers: dict[bytes, int] = {}

    def body(self, data: bytes, headers: Mapping[str, str]) -> bytes:
        """A body, as long as it was."""
        clean = data
        for pattern in self._patterns:
            clean = pattern.sub(lambda match: self._mask(match[0]), clean)
        clean = _NAMED.sub(lambda match: match[1] + self._mask(match[2]), clean)
        clean = _NUMBERED.sub(lambda match: match[1] + b"1" * len(match[2]), clean)  # no mask is a number
        kind = headers.get("content-type", "")
        if kind.startswith("application/x-www-form-urlencoded"):
            clean = _IN_FORM.sub(lambda match: match[1] + self._mask(match[2]), clean)
        for value, _ in self._renamed:
            clean = _word(value).sub(lambda match: self._mask(match[0]), clean) if _tells(value) else clean
        return resealed(clean) if clean != data and kind.startswith(MEDIA_TYPE) else clean

    def text(self, value: str) -> str:
        """The value of a header."""
        return self.body(value.encode(), {}).decode()

    def renaming(self, data: bytes) -> bytes:
        """A request's body with the names of accounts replaced: its length does not count."""
        for value, name in self._renamed:
            data = _word(value).sub(name.encode(), data) if _tells(value) else data
        return data

    def address(self, uri: str) -> str:
        """An address without names, passwords and keys."""
        data = uri.encode()
        for value, name in self._renamed:
            data = _word(value).sub(name.encode(), data)
        parts = urlsplit(data.decode())
        if "@" in parts.netloc:
            data = data.replace(f"{parts.netloc.rpartition('@')[0]}@".encode(), b"")
        for pattern in self._patterns:
            data = pattern.sub(lambda match: self._masked_value(match[0]), data)
        return _IN_FORM.sub(lambda match: match[1] + self._mask(match[2]), data).decode()

    def _masked_value(self, found: bytes) -> bytes:
        """A parameter keeps its name."""
        name, equals, value = found.rpartition(b"=")
        return name + equals + self._mask(value) if name and value else self._mask(found)

    def _mask(self, value: bytes) -> bytes:
        if MASKED.fullmatch(value.decode("utf-8", "replace")):
            return value  # it is one already
        number = self._numbers.setdefault(value.lower(), len(self._numbers) + 1)
        tail = f"{number % 100:02d}".encode() if len(value) >= 12 else b""
        return (b"REDACTED" * (len(value) // 8 + 1))[: len(value) - len(tail)] + tail


def _word(value: str) -> re.Pattern[bytes]:
    """A name that stands alone; a whole address may go on."""
    after = "" if "://" in value else r"(?![\w-])"
    return re.compile(rf"(?<![\w-]){re.escape(value)}{after}".encode())


def _tells(value: str) -> bool:
    """Whether a setting's value is so much its own that it may be looked for in texts."""
    return len(value) >= SHORTEST or bool(re.search(r"[\d_.@-]", value))


def resealed(body: bytes) -> bytes:
    """Binary frames with their checksums made anew, after bytes of them were replaced by as many."""
    pieces, at = [], 0
    while at + OVERHEAD <= len(body):
        size = struct.unpack_from(">I", body, at)[0]
        if not OVERHEAD <= size <= len(body) - at:
            break
        frame = body[at : at + PRELUDE - 4]
        frame += struct.pack(">I", crc32(frame)) + body[at + PRELUDE : at + size - 4]
        pieces.append(frame + struct.pack(">I", crc32(frame)))
        at += size
    return b"".join(pieces) + body[at:]
