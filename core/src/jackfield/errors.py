"""Every way a call can fail, told by what the caller can do about it.

    JackfieldError
    ├── SetupError                      mend the setting, then call again
    │   ├── BadConfig                   a configuration value is wrong
    │   ├── MissingCredentials          no credential was found
    │   ├── Unauthorized                the provider does not accept the credential
    │   ├── LedgerFailed                the ledger cannot be written; nothing was sent
    │   └── PluginFailed                a plugin is missing, broken or of another spec
    │       ├── UnknownProvider         no installed distribution provides it
    │       └── ProviderConflict        two distributions provide it
    ├── RequestError                    this request cannot succeed: change it
    │   ├── InvalidRequest              the provider found it malformed
    │   ├── ContextTooLong              it does not fit the model
    │   ├── Refused                     a content policy declined it
    │   ├── Unsupported                 the model cannot do it; nothing was sent
    │   ├── Affinity                    it carries state bound to another account
    │   ├── ModelNotFound               there is no such model
    │   └── OutOfCredit                 the account has no money left
    ├── NotNow                          the same request may succeed later
    │   ├── RateLimited                 the provider limits us
    │   ├── Unavailable                 it could not be reached, or failed
    │   ├── Malformed                   its answer cannot be read
    │   └── TimedOut                    one of our clocks ran out
    ├── StreamInterrupted               a stream broke after content; ``partial`` holds what came
    ├── LocalLimit                      our own limit; nothing was sent
    │   ├── BudgetExceeded
    │   ├── LimitReached
    │   └── Overloaded
    └── Blocked                         our own guard said no

``ErrorInfo`` is the fact, made where the bytes are read; the exception is made from it by ``KINDS``.
Library, command line and gateway say the same words because all are made from its attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Self, TypeAlias, TypeVar

import attrs
from attrs import frozen

if TYPE_CHECKING:
    from jackfield.types import Attempt, Completion, Usage

Value = TypeVar("Value")

Retry: TypeAlias = Literal["never", "same", "other_key", "other_target"]
Scope: TypeAlias = Literal["request", "key", "model", "endpoint", "provider", "local"]
Likelihood: TypeAlias = Literal["no", "maybe", "yes"]


@frozen
class ErrorInfo:
    """What is known about a failure: what failed, why, and how to mend it."""

    kind: str
    message: str = ""
    status: int | None = None
    code: str | None = None
    retry_after: float | None = None
    request_id: str | None = None
    provider: str = ""
    model: str = ""
    operation: str = ""
    hint: str = ""
    sent: Likelihood = "maybe"
    should_retry: bool | None = None  # the provider's own word, where it gives one
    resets: float | None = None  # seconds until a limit that is used up begins anew, as headers tell
    retry_budget_exhausted: bool = False  # another attempt might have helped, but too many were made of late
    raw: Any = attrs.field(default=None, repr=False, eq=False)

    @property
    def leaf(self) -> type[JackfieldError]:
        """The exception class for this kind."""
        return KINDS[self.kind].leaf

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed at the same target."""
        if self.should_retry is not None:
            return self.should_retry and KINDS[self.kind].retry != "never"
        return KINDS[self.kind].retry == "same"

    @property
    def scope(self) -> Scope:
        """How far the failure reaches."""
        return KINDS[self.kind].scope

    @property
    def billed(self) -> Likelihood:
        """Whether the provider charges for the attempt."""
        return KINDS[self.kind].billed

    def to_exception(self) -> JackfieldError:
        """The exception that tells a caller."""
        return self.leaf(self)

    def where(self, **facts: Any) -> ErrorInfo:
        """The same failure with what is known further out; facts already stated stay."""
        return attrs.evolve(self, **{name: value for name, value in facts.items() if not getattr(self, name)})


class _Fact(Generic[Value]):
    """A fact of an error's ``info``, as an attribute of the error."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, error: JackfieldError | None, owner: type) -> Value:
        # Of the class, as what makes documentation asks, it is itself.
        return self if error is None else getattr(error.info, self.name)  # type: ignore[return-value]


class JackfieldError(Exception):
    """The root of all errors of this library."""

    number: ClassVar[str] = "JF100"  # stable; `jackfield explain JF100` tells more
    exit_code: ClassVar[int] = 70
    gateway_status: ClassVar[int] = 500
    verdict: ClassVar[str] = ""  # what the provider did, for those errors that are its doing

    kind, message, hint = _Fact[str](), _Fact[str](), _Fact[str]()
    provider, model, operation = _Fact[str](), _Fact[str](), _Fact[str]()
    status, code, request_id = _Fact["int | None"](), _Fact["str | None"](), _Fact["str | None"]()
    retry_after, resets = _Fact["float | None"](), _Fact["float | None"]()
    retryable, should_retry = _Fact[bool](), _Fact["bool | None"]()
    retry_budget_exhausted = _Fact[bool]()
    sent, billed, scope = _Fact[Likelihood](), _Fact[Likelihood](), _Fact[Scope]()
    raw = _Fact[Any]()

    def __init__(self, info: ErrorInfo | str, /, **facts: Any) -> None:
        if isinstance(info, str):
            info = ErrorInfo(_DEFAULT_KIND.get(type(self).__name__, "config"), info, **facts)
        self.info = info
        self.attempts: tuple[Attempt, ...] = ()
        super().__init__(info)

    def after(self, attempts: tuple[Attempt, ...]) -> Self:
        """This error, with the attempts that led to it."""
        self.attempts = attempts
        return self

    def __str__(self) -> str:
        """What failed, why, where, and how to mend it: the same words in library, command line and gateway."""
        lines = [self.summary, *(f"  {detail}" for detail in self.details)]
        return "\n".join([*lines, f"hint: {self.info.hint}"] if self.info.hint else lines)

    @property
    def summary(self) -> str:
        """What failed and why, in one line."""
        info = self.info
        if not info.provider or info.sent == "no" or not self.verdict:
            return info.message
        target = f"{info.provider}/{info.model}" if info.model else info.provider
        return f"`{target}` {self.verdict}: {info.message}" if info.message else f"`{target}` {self.verdict}"

    @property
    def details(self) -> list[str]:
        """Where it failed: status, the provider's code, request id, waiting time, number of attempts."""
        info = self.info
        facts = {
            "status": info.status,
            "code": info.code,
            "request id": info.request_id,
            "retry after": None if info.retry_after is None else f"{info.retry_after:g} s",
            "attempts": len(self.attempts) if len(self.attempts) > 1 else None,
            "retry budget": "exhausted" if info.retry_budget_exhausted else None,
        }
        told = ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None)
        return [told] if told else []

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (attrs.evolve(self.info, raw=None),)


class SetupError(JackfieldError):
    """Something on this side has to be set up differently."""

    exit_code = 3


class BadConfig(SetupError):
    """A configuration value is wrong."""

    number = "JF101"


class MissingCredentials(SetupError):
    """No credential was found."""

    number = "JF102"
    gateway_status = 502


class Unauthorized(SetupError):
    """The provider does not accept the credential."""

    number = "JF103"
    verdict = "does not accept the credential"
    gateway_status = 502


class PluginFailed(SetupError):
    """A plugin is missing, broken, or implements another spec."""

    number = "JF104"
    exit_code = 7


class UnknownProvider(PluginFailed):
    """No installed distribution provides it."""

    number = "JF105"


class ProviderConflict(PluginFailed):
    """Two distributions provide the same id."""

    number = "JF106"


class LedgerFailed(SetupError):
    """The ledger cannot be written, so nothing is sent that nobody would account for."""

    number = "JF107"
    gateway_status = 503


class RequestError(JackfieldError):
    """This request cannot succeed as it is."""

    exit_code = 4
    gateway_status = 400


class InvalidRequest(RequestError):
    """The request is malformed."""

    number = "JF201"
    verdict = "refused the request"


class ContextTooLong(RequestError):
    """The request does not fit the model's context."""

    number = "JF202"
    verdict = "cannot fit the request"


class Refused(RequestError):
    """A content policy declined the request."""

    number = "JF203"
    verdict = "declined by policy"


class Unsupported(RequestError):
    """The model cannot do what was asked; nothing was sent."""

    number = "JF204"


class Affinity(RequestError):
    """The request carries state bound to another account or provider."""

    number = "JF205"


class ModelNotFound(RequestError):
    """The provider has no such model, or not for this credential."""

    number = "JF206"
    verdict = "is not there"
    gateway_status = 404


class OutOfCredit(RequestError):
    """The account has no money left: waiting does not help."""

    number = "JF207"
    verdict = "wants money"
    gateway_status = 503


class NotNow(JackfieldError):
    """The same request may succeed later."""

    exit_code = 5
    gateway_status = 503


class RateLimited(NotNow):
    """The provider limits this account; ``retry_after`` says for how long, if it told."""

    number = "JF301"
    verdict = "limits the rate"
    gateway_status = 429


class Unavailable(NotNow):
    """The provider could not be reached, or failed."""

    number = "JF302"
    verdict = "is unavailable"


class Malformed(NotNow):
    """The answer cannot be read. ``answer`` is the one that came where only its value does not fit."""

    answer: Any = None
    number = "JF303"
    verdict = "sent what cannot be read"
    gateway_status = 502


class TimedOut(NotNow):
    """One of our clocks ran out."""

    number = "JF304"
    verdict = "took too long"
    exit_code = 6
    gateway_status = 504


class StreamInterrupted(JackfieldError):
    """A stream broke after content was handed on. Nothing is lost: see ``partial``, ``usage``, ``cause``."""

    number = "JF305"
    verdict = "broke off"
    exit_code = 5
    gateway_status = 502

    def __init__(
        self,
        info: ErrorInfo | str,
        /,
        partial: Completion | None = None,
        resumable: bool = False,
        **facts: Any,
    ) -> None:
        super().__init__(info, **facts)
        self.partial = partial
        self.resumable = resumable  # text alone had come, and the target can go on with a text that was begun
        cause = KINDS[self.info.kind].leaf
        self.exit_code = cause.exit_code  # type: ignore[misc]  # the script's question is what broke it

    @property
    def cause(self) -> ErrorInfo:
        """The failure that broke the stream."""
        return self.info

    @property
    def usage(self) -> Usage | None:
        """What had been used when it broke, as far as the provider told."""
        return None if self.partial is None else self.partial.usage

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (attrs.evolve(self.info, raw=None), self.partial, self.resumable)


class LocalLimit(JackfieldError):
    """A limit of our own; nothing was sent."""

    exit_code = 8
    gateway_status = 503


class BudgetExceeded(LocalLimit):
    """The call might cost more than the budget has left."""

    number = "JF401"
    gateway_status = 402


class LimitReached(LocalLimit):
    """Our own rate limit is reached."""

    number = "JF402"
    gateway_status = 429


class Overloaded(LocalLimit):
    """Too many calls wait already."""

    number = "JF403"


class Blocked(JackfieldError):
    """A guard of our own said no."""

    number = "JF501"
    exit_code = 1
    gateway_status = 403


@frozen
class Kind:
    """What follows from a kind of failure."""

    leaf: type[JackfieldError]
    retry: Retry
    scope: Scope
    billed: Likelihood


# The table every decision is read from. Providers classify into these kinds; nobody else classifies.
KINDS: dict[str, Kind] = {
    "config": Kind(BadConfig, "never", "local", "no"),
    "config.tls": Kind(BadConfig, "never", "endpoint", "no"),
    "config.credentials": Kind(MissingCredentials, "never", "local", "no"),
    "plugin": Kind(PluginFailed, "never", "local", "no"),
    "plugin.unknown": Kind(UnknownProvider, "never", "local", "no"),
    "plugin.conflict": Kind(ProviderConflict, "never", "local", "no"),
    "internal.plugin": Kind(PluginFailed, "never", "local", "maybe"),
    "auth": Kind(Unauthorized, "other_key", "key", "no"),
    "auth.skew": Kind(Unauthorized, "other_key", "local", "no"),
    "request.invalid": Kind(InvalidRequest, "never", "request", "no"),
    "request.context": Kind(ContextTooLong, "never", "request", "no"),
    "request.policy": Kind(Refused, "never", "request", "maybe"),
    "request.unsupported": Kind(Unsupported, "never", "local", "no"),
    "request.affinity": Kind(Affinity, "never", "request", "no"),
    "model.missing": Kind(ModelNotFound, "other_target", "model", "no"),
    "quota.money": Kind(OutOfCredit, "other_key", "key", "no"),
    "throttle": Kind(RateLimited, "same", "key", "no"),
    "quota.window": Kind(RateLimited, "other_key", "key", "no"),
    "server": Kind(Unavailable, "same", "endpoint", "maybe"),
    "server.transient": Kind(Unavailable, "same", "endpoint", "maybe"),
    "server.overloaded": Kind(Unavailable, "same", "endpoint", "no"),
    "transport.connect": Kind(Unavailable, "same", "endpoint", "no"),
    "transport.reset": Kind(Unavailable, "same", "endpoint", "maybe"),
    "protocol": Kind(Malformed, "never", "endpoint", "maybe"),
    "protocol.body": Kind(Malformed, "same", "endpoint", "maybe"),
    "stream.truncated": Kind(Malformed, "same", "endpoint", "yes"),
    "timeout.connect": Kind(TimedOut, "same", "endpoint", "no"),
    "timeout.headers": Kind(TimedOut, "same", "endpoint", "maybe"),
    "timeout.first_token": Kind(TimedOut, "same", "endpoint", "maybe"),
    "timeout.idle": Kind(TimedOut, "same", "endpoint", "yes"),
    "timeout.upload": Kind(TimedOut, "same", "endpoint", "maybe"),
    "deadline": Kind(TimedOut, "never", "local", "maybe"),
    "local.breaker": Kind(Unavailable, "other_target", "local", "no"),
    "local.overload": Kind(Overloaded, "never", "local", "no"),
    "local.limit": Kind(LimitReached, "never", "local", "no"),
    "local.budget": Kind(BudgetExceeded, "never", "local", "no"),
    "local.ledger": Kind(LedgerFailed, "never", "local", "no"),
    "local.guard": Kind(Blocked, "never", "local", "no"),
}

# The kind an exception stands for when it is raised with words alone: the first of its class.
_DEFAULT_KIND: dict[str, str] = {}
for _name, _kind in KINDS.items():
    _DEFAULT_KIND.setdefault(_kind.leaf.__name__, _name)

# Statuses in the order of the table in the documentation; whatever else is below 500 is the request's fault.
_STATUS_KINDS: dict[int, str] = {
    401: "auth",
    402: "quota.money",
    403: "auth",
    404: "model.missing",
    408: "server.transient",
    409: "server.transient",
    424: "server",
    425: "server.transient",
    429: "throttle",
    498: "server.overloaded",
    501: "protocol",
    503: "server.overloaded",
    505: "protocol",
    511: "protocol",
    529: "server.overloaded",
}


def kind_of_status(status: int) -> str:
    """The kind of failure a status stands for when the body says nothing better."""
    usual = "server" if status >= 500 else "request.invalid" if status >= 400 else "protocol"
    return _STATUS_KINDS.get(status, usual)


LEAVES: dict[str, type[JackfieldError]] = {}


def _register(leaf: type[JackfieldError]) -> None:
    leaf.__module__ = "jackfield"
    LEAVES[leaf.__name__] = leaf
    for child in leaf.__subclasses__():
        _register(child)


_register(JackfieldError)

# What a profile's ``[errors]`` table may say: a leaf's name, or a kind for the finer cases.
KIND_OF_LEAF: dict[str, str] = dict(_DEFAULT_KIND)
KIND_OF_LEAF["RateLimited"] = "throttle"
KIND_OF_LEAF["Unavailable"] = "server"


def kind_named(name: str) -> str | None:
    """The kind that a kind's or leaf's name stands for."""
    return name if name in KINDS else KIND_OF_LEAF.get(name)
