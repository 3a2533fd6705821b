"""Who calls, and what they may: keys, their limits by the minute, their money, and signatures that are checked."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from urllib.parse import quote

from attrs import define

from jackfield.errors import ErrorInfo
from jackfield.wire import Call
from jackfield_simulator.scenario import Account, Scenario

WINDOW = 60.0
SKEW = 300.0  # seconds that the clock of who signs may deviate
WRONG = ("wrong*", "invalid*", "revoked*")  # keys that nobody gave out
ACCESS_KEY, SECRET_KEY = "AKIASIMULATED0000000", "simulated-secret-key"  # good here alone
NOMINAL = Account(
    requests_per_minute=10_000, tokens_per_minute=2_000_000
)  # what headers say where nothing limits

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request")
_KEY_HEADERS = ("x-api-key", "api-key", "x-goog-api-key", "ocp-apim-subscription-key")
Clock = Callable[[], float]


@define
class Spent:
    """What a key has used: in this minute, and of its money."""

    since: float = 0.0
    requests: int = 0
    tokens: int = 0
    money: Decimal = Decimal(0)


@define
class Issued:
    """A token that was given out: whose it is, and until when it is good."""

    key: str
    until: float
    secret: str = ""  # of temporary keys that sign
    session: str = ""


def key_of(call: Call) -> str:
    """The key a call comes with, or the id of the key that signs it; nothing if it has none."""
    stated = call.headers.get("authorization", "")
    signed = _CREDENTIAL.search(stated) if stated.startswith("AWS4-HMAC-SHA256") else None
    if signed is not None:
        return signed[1]
    scheme, _, rest = stated.partition(" ")
    if rest and scheme.lower() in ("bearer", "token", "key", "basic"):
        return rest.strip()
    headers = (call.headers.get(name, "") for name in _KEY_HEADERS)
    return next(filter(None, headers), "") or dict(call.query).get("key", "") or stated


class Accounts:
    """The keys of a scenario, and all others. ``clock`` counts seconds, ``wall`` those since 1970."""

    def __init__(self, scenario: Scenario, clock: Clock, wall: Clock) -> None:
        self.scenario = scenario
        self._clock = clock
        self._wall = wall
        self._spent: dict[str, Spent] = {}
        self._issued: dict[str, Issued] = {}
        self._lock = threading.Lock()

    # -- tokens that are given out -----------------------------------------------------------------

    def issue(self, token: str, key: str, lifetime: float, *, secret: str = "", session: str = "") -> None:
        """Note a token that was given to who owns ``key``."""
        with self._lock:
            self._issued[token] = Issued(key, self._wall() + lifetime, secret, session)

    def owner(self, key: str) -> str:
        """Whose a key is: a token stands for the client it was given to."""
        issued = self._issued.get(key)
        return key if issued is None else issued.key

    # -- admission ---------------------------------------------------------------------------------

    def refusal(self, call: Call, key: str, tokens: int, *, needed: bool = True) -> ErrorInfo | None:
        """Why a call is not admitted; else it is counted, and nothing is returned."""
        account = self.account(key)
        refused = self._stranger(call, key, account, needed) or self._unsigned(call, key)
        return refused or self._beyond(self.owner(key), account, tokens)

    def account(self, key: str) -> Account:
        """What a key may."""
        return self.scenario.accounts.get(self.owner(key), self.scenario.limits)

    def _stranger(self, call: Call, key: str, account: Account, needed: bool) -> ErrorInfo | None:
        if not key:
            wanted = needed and self.scenario.require_key
            return refused("auth", 401, "No API key was provided.", "missing_api_key") if wanted else None
        issued = self._issued.get(key)
        if issued is not None and self._wall() >= issued.until:
            return refused("auth", 401, "The access token has expired.", "token_expired")
        if account.status in (401, 403):
            word = "is not valid" if account.status == 401 else "may not do this"
            return refused("auth", account.status, f"This API key {word}.", "invalid_api_key")
        if account.status:
            return refused("server", account.status, "This account is answered so, always.", "")
        wrong = key not in self.scenario.accounts and any(fnmatchcase(key, one) for one in WRONG)
        return refused("auth", 401, "Incorrect API key provided.", "invalid_api_key") if wrong else None

    def _beyond(self, key: str, account: Account, tokens: int) -> ErrorInfo | None:
        """The refusal of a call that is beyond the key's limits."""
        with self._lock:
            now = self._clock()
            spent = self._window(key, now)
            left = max(spent.since + WINDOW - now, 0.001)
            if account.balance is not None and spent.money >= Decimal(str(account.balance)):
                words = "You exceeded your current quota: the balance of this account is used up."
                return refused("quota.money", 429, words, "insufficient_quota")
            over = _over(account, spent, tokens)
            if over:
                words = f"Rate limit reached: {over} per minute. Try again in {left:.3f}s."
                return refused("throttle", 429, words, "rate_limit_exceeded", left)
            spent.requests += 1
            spent.tokens += tokens
        return None

    def _window(self, key: str, now: float) -> Spent:
        spent = self._spent.setdefault(key, Spent(now))
        if now - spent.since >= WINDOW:
            spent.since, spent.requests, spent.tokens = now, 0, 0
        return spent

    def charge(self, key: str, tokens: int, money: Decimal) -> None:
        """Book what an answer used, or with negative figures take it back."""
        with self._lock:
            spent = self._window(self.owner(key), self._clock())
            spent.tokens = max(spent.tokens + tokens, 0)
            spent.money = max(spent.money + money, Decimal(0))

    def spent(self, key: str) -> Spent:
        """What a key has used so far."""
        with self._lock:
            found = self._window(self.owner(key), self._clock())
            return Spent(found.since, found.requests, found.tokens, found.money)

    # -- what headers tell -------------------------------------------------------------------------

    def limits(self, key: str, provider: str, wire: str) -> Mapping[str, str]:
        """The headers about limits, as the provider has them."""
        kind = _DIALECTS.get(provider) or _DIALECTS.get(wire)
        if kind is None:
            return {}
        account, spent = self.account(key), self.spent(key)
        requests = account.requests_per_minute or NOMINAL.requests_per_minute
        tokens = account.tokens_per_minute or NOMINAL.tokens_per_minute
        left = max(spent.since + WINDOW - self._clock(), 0.0)
        reset = datetime.fromtimestamp(self._wall() + left, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        figures = {
            "limit_requests": requests,
            "limit_tokens": tokens,
            "remaining_requests": max(requests - spent.requests, 0),
            "remaining_tokens": max(tokens - spent.tokens, 0),
            "reset_at": reset,
            "reset_in": f"{left:.3f}s",
        }
        return {name: str(figures[what]) for name, what in kind.items()}

    # -- signatures --------------------------------------------------------------------------------

    def _unsigned(self, call: Call, key: str) -> ErrorInfo | None:
        """Why a signature is refused; nothing for calls that bear none."""
        stated = call.headers.get("authorization", "")
        if not stated.startswith("AWS4-HMAC-SHA256"):
            return None
        found = _CREDENTIAL.search(stated)
        issued = self._issued.get(key)
        secret = issued.secret if issued is not None else self._secret(key)
        if found is None or not secret:
            words = "The security token included in the request is invalid."
            return refused("auth", 403, words, "UnrecognizedClientException")
        if issued is not None and call.headers.get("x-amz-security-token") != issued.session:
            words = "The security token included in the request is invalid."
            return refused("auth", 403, words, "UnrecognizedClientException")
        late = self._skewed(call.headers.get("x-amz-date", ""))
        if late is not None:
            return late
        wanted = signature(call, secret, stated, found)
        if hmac.compare_digest(wanted, stated.rpartition("Signature=")[2].strip()):
            return None
        words = "The request signature we calculated does not match the signature you provided."
        return refused("auth", 403, words, "InvalidSignatureException")

    def _secret(self, key: str) -> str:
        account = self.scenario.accounts.get(key)
        return account.secret if account is not None else SECRET_KEY if key == ACCESS_KEY else ""

    def _skewed(self, stamp: str) -> ErrorInfo | None:
        try:
            signed = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            return refused(
                "auth", 403, "The request has no valid `X-Amz-Date`.", "IncompleteSignatureException"
            )
        now = datetime.fromtimestamp(self._wall(), UTC)
        if abs((now - signed).total_seconds()) <= SKEW:
            return None
        told, side = now.strftime("%Y%m%dT%H%M%SZ"), "expired" if signed < now else "not yet current"
        edge = datetime.fromtimestamp(self._wall() - SKEW, UTC).strftime("%Y%m%dT%H%M%SZ")
        words = f"Signature {side}: {stamp} is now {'earlier' if signed < now else 'later'} than {edge} ({told} - 5 min.)"
        return refused("auth.skew", 403, words, "InvalidSignatureException")


def refused(kind: str, status: int, words: str, code: str, retry_after: float | None = None) -> ErrorInfo:
    """A refusal."""
    return ErrorInfo(kind, words, status, code or None, retry_after)


def _over(account: Account, spent: Spent, tokens: int) -> str:
    """Which limit a call goes beyond."""
    if account.requests_per_minute and spent.requests + 1 > account.requests_per_minute:
        return f"{account.requests_per_minute} requests"
    if account.tokens_per_minute and spent.tokens + tokens > account.tokens_per_minute:
        return f"{account.tokens_per_minute} tokens"
    return ""


def signature(call: Call, secret: str, stated: str, scope: re.Match[str]) -> str:
    """The signature, version 4, that a call should bear by what its own header says of it."""
    names = stated.partition("SignedHeaders=")[2].partition(",")[0].strip().split(";")
    path, _, query = getattr(call, "target", "").partition("?")
    pairs = sorted(
        (name, value) for name, _, value in (one.partition("=") for one in query.split("&") if one)
    )
    lines = [f"{name}:{' '.join(call.headers.get(name, '').split())}" for name in names]
    canonical = "\n".join(
        [
            call.method,
            quote(path or "/", safe="/~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            *lines,
            "",
            ";".join(names),
            hashlib.sha256(call.body).hexdigest(),
        ]
    )
    _, day, region, service = scope.groups()
    place = f"{day}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", call.headers.get("x-amz-date", ""), place, digest])
    key = f"AWS4{secret}".encode()
    for step in (day, region, service, "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


# Provider or wire -> header -> which figure it tells. 2026-11, from recorded answers.
_USUAL = {
    "x-ratelimit-limit-requests": "limit_requests",
    "x-ratelimit-limit-tokens": "limit_tokens",
    "x-ratelimit-remaining-requests": "remaining_requests",
    "x-ratelimit-remaining-tokens": "remaining_tokens",
}
_TIMED = {"x-ratelimit-reset-requests": "reset_in", "x-ratelimit-reset-tokens": "reset_in"}
_AZURE = {name: figure for name, figure in _USUAL.items() if "remaining" in name}
_DIALECTS: Mapping[str, Mapping[str, str]] = {
    "openai": {**_USUAL, **_TIMED},
    "groq": {**_USUAL, **_TIMED},
    "xai": _USUAL,
    "azure-openai": _AZURE,
    "azure-ai": _AZURE,
    "mistral": {
        "x-ratelimit-limit-req-minute": "limit_requests",
        "x-ratelimit-remaining-req-minute": "remaining_requests",
        "x-ratelimit-limit-tokens-minute": "limit_tokens",
        "x-ratelimit-remaining-tokens-minute": "remaining_tokens",
    },
    "anthropic": {
        f"anthropic-ratelimit-{what}-{side}": "reset_at"
        if side == "reset"
        else f"{side}_{what.rpartition('-')[2]}"
        for what in ("requests", "tokens", "input-tokens", "output-tokens")
        for side in ("limit", "remaining", "reset")
    },
    "cohere": {"x-trial-endpoint-call-remaining": "remaining_requests"},
    "huggingface": {"ratelimit-remaining": "remaining_requests"},
    "chat_completions": _USUAL,
}
_SILENT = (
    "perplexity",
    "deepseek",
    "bedrock",
    "gemini",
    "vertex",
    "ollama",
)  # none were ever seen from these
_DIALECTS = {**_DIALECTS, **{name: {} for name in _SILENT}}
