"""Who answers the four hooks for one provider: extensions first, then its own plugin, at last core.

Each provider has a plugin manager of its own, so that a question never walks the plugins of others. The
rank of an answer follows from who gives it, whatever its author asked for with ``tryfirst``.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Literal, TypeAlias

import pluggy
from attrs import frozen

from jackfield import hookspecs
from jackfield.errors import ErrorInfo, JackfieldError, PluginFailed, ProviderConflict
from jackfield.profile.schema import suggestion
from jackfield.registry.entries import Entry, normalised
from jackfield.registry.load import failed

# The faces, and what every answer to each must be able to do.
_ABILITIES: Mapping[str, tuple[str, ...]] = {
    "auth": ("sign", "rejected", "accepted"),
    "completion": ("render_completion", "parse_completion", "stream_parser", "parse_error"),
    "streaming": ("__call__",),
    "pricing": ("charge",),
}
_FACTS: Mapping[str, tuple[str, ...]] = {"pricing": ("source",)}  # what it must have besides
FACES = tuple(_ABILITIES)

Rank: TypeAlias = Literal["core", "plugin", "extension"]
Answer: TypeAlias = Callable[..., Any]


@frozen
class Faces:
    """The four questions. Each is asked with keywords, when a model is bound."""

    auth: Answer
    completion: Answer
    streaming: Answer
    pricing: Answer


@frozen
class Party:
    """One who may answer: the object with the implementations, and the entry point it came from."""

    rank: Rank
    plugin: object
    entry: Entry | None = None

    @property
    def name(self) -> str:
        """What pluggy and messages call it."""
        return self.rank if self.entry is None else f"{self.rank} {self.entry.shown} ({self.entry.value})"


class _Ranked(pluggy.PluginManager):
    """A plugin manager whose answers are ordered by rank."""

    rank: Rank = "core"

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        """The options of an implementation, with its place in the order by rank."""
        options = super().parse_hookimpl_opts(plugin, name)
        if options is not None:
            options["tryfirst"] = self.rank == "extension"
            options["trylast"] = self.rank == "core"
        return options


def checked(party: Party) -> Party:
    """The party, if its implementations fit the contract: they are registered alone."""
    _registered(_fresh(), party)
    return party


def faces_of(provider: str, parties: Sequence[Party], prefer: Mapping[str, str]) -> Faces:
    """The answers for one provider; parties come in the order core, plugin, extensions."""
    ranked = _fresh()
    for party in parties:
        _registered(ranked, party)
    return Faces(
        **{face: _Face(provider, face, ranked, parties, prefer.get(f"{provider}.{face}")) for face in FACES}
    )


def _fresh() -> _Ranked:
    ranked = _Ranked(hookspecs.PROJECT)
    ranked.add_hookspecs(hookspecs)
    return ranked


def _registered(ranked: _Ranked, party: Party) -> None:
    ranked.rank = party.rank
    try:
        ranked.register(party.plugin, party.name)
    except pluggy.PluginValidationError as exc:
        reason = _reason(exc)
    else:
        reason = _unknown_hook(ranked) or _shadowed(party.plugin)
    if reason and party.entry is not None:
        raise failed(party.entry, reason)
    if reason:
        raise PluginFailed(ErrorInfo("plugin", f"plugin {party.plugin!r} {reason}"))


def _reason(exc: pluggy.PluginValidationError) -> str:
    """What pluggy found: its lines give plugin, hook, definition and fault."""
    lines = [line.strip() for line in str(exc).splitlines() if line.strip()]
    hook = next((line for line in lines if line.startswith("hook ") or "for hook" in line), "")
    return f"does not fit the contract: {'; '.join(dict.fromkeys([hook.strip(':'), *lines[1:]]))}".rstrip(
        "; "
    )


def _unknown_hook(ranked: _Ranked) -> str:
    """The name of an implementation that answers no question of ours."""
    for name, caller in vars(ranked.hook).items():
        if name.startswith("_") or caller.has_spec():
            continue
        if any(not impl.optionalhook for impl in caller.get_hookimpls()):
            return f"does not fit the contract: there is no hook `{name}`{suggestion(name, FACES)}"
    return ""


def _shadowed(plugin: object) -> str:
    """The hook that a module of the package stands in the place of: importing it replaces the function."""
    name = next((name for name in FACES if isinstance(getattr(plugin, name, None), ModuleType)), "")
    return (
        f"does not fit the contract: its module `{name}` takes the place of the hook; rename it"
        if name
        else ""
    )


# What these say is about code. What others say may be about values, and those may be credentials.
_HARMLESS = (ImportError, AttributeError, NameError, TypeError)


class _Face:
    """One question, with a fence around those who answer."""

    __slots__ = ("_callers", "_face", "_hook", "_provider", "_rivals")

    def __init__(
        self, provider: str, face: str, ranked: _Ranked, parties: Sequence[Party], pin: str | None
    ) -> None:
        self._provider = provider
        self._face = face
        hook: pluggy.HookCaller = getattr(ranked.hook, face)
        answering = {
            impl.plugin_name for impl in hook.get_hookimpls() if not (impl.wrapper or impl.hookwrapper)
        }
        rivals = [party for party in parties if party.rank == "extension" and party.name in answering]
        if pin is not None and len(rivals) > 1:
            unpinned = [party for party in rivals if not _is(party, pin)]
            hook = ranked.subset_hook_caller(face, [party.plugin for party in unpinned])
            rivals = [party for party in rivals if _is(party, pin)]
        self._hook = hook
        self._rivals = rivals if len(rivals) > 1 else []
        self._callers = [
            ranked.subset_hook_caller(face, [other.plugin for other in parties if other is not party])
            for party in self._rivals
        ]

    def __call__(self, **facts: Any) -> Any:
        """The first answer; a conflict if two extensions have one."""
        pairs = zip(self._rivals, self._callers, strict=True)
        answering = [party for party, caller in pairs if self._asked(caller, facts) is not None]
        if len(answering) > 1:
            raise self._conflict(answering)
        return self._asked(self._hook, facts)

    def _asked(self, hook: pluggy.HookCaller, facts: dict[str, Any]) -> Any:
        try:
            answer = hook(**facts)
            blamed, fault = self._unfit(hook, facts, answer)
            if not fault:
                return answer
            answer = None  # it may be a credential, and this frame stands in the traceback
        except JackfieldError:
            raise
        except Exception as exc:
            blamed, fault = self._blamed(hook, exc)
            if not fault:
                raise
        # Raised out here without its cause: the frames of foreign code may hold credentials.
        msg = f"{blamed}, hook `{self._face}`, {fault}"
        raise PluginFailed(ErrorInfo("internal.plugin", msg, provider=self._provider))

    def _unfit(self, hook: pluggy.HookCaller, facts: dict[str, Any], answer: Any) -> tuple[str, str]:
        """Whose answer cannot be used, and why; nothing if it can, or if it is core's."""
        fault = "" if answer is None else _lacking(self._face, answer)
        if not fault:
            return "", ""
        impls = hook.get_hookimpls()
        around = [impl.plugin_name for impl in impls if impl.wrapper or impl.hookwrapper]
        inside = [impl for impl in reversed(impls) if impl.plugin_name not in around]
        answers = ((impl.plugin_name, _alone(impl, facts)) for impl in inside)  # each is asked again, alone
        name, own = next((pair for pair in answers if pair[1] is not None), ("core", None))
        if around and (own is None or not _lacking(self._face, own)):
            return around[-1], fault
        return ("", "") if name == "core" else (name, fault)

    def _blamed(self, hook: pluggy.HookCaller, exc: Exception) -> tuple[str, str]:
        """Whose implementation raised, and what and where; no reason if it was core."""
        impls = {getattr(impl.function, "__code__", None): impl.plugin_name for impl in hook.get_hookimpls()}
        stack = traceback.extract_tb(exc.__traceback__)
        codes = [frame.f_code for frame, _ in traceback.walk_tb(exc.__traceback__)]
        names = [impls[code] for code in codes if code in impls]
        if not names or names[0] == "core":
            return "", ""
        last = stack[-1]
        what = f"{type(exc).__name__}: {exc}" if isinstance(exc, _HARMLESS) else type(exc).__name__
        return names[0], f"failed: {what} at {last.filename}:{last.lineno}"

    def _conflict(self, answering: Sequence[Party]) -> ProviderConflict:
        entries = [party.entry for party in answering if party.entry is not None]
        who = " and ".join(entry.shown for entry in entries)
        key = f"{self._provider}.{self._face}"
        msg = f"{who} both answer `{self._face}` for `{self._provider}`"
        hint = f'choose one in your configuration: [prefer] "{key}" = "{entries[0].distribution}"'
        return ProviderConflict(ErrorInfo("plugin.conflict", msg, provider=self._provider, hint=hint))


def _alone(impl: pluggy.HookImpl, facts: Mapping[str, Any]) -> Any:
    """What one implementation answers."""
    return impl.function(*(facts[name] for name in impl.argnames))


def _lacking(face: str, answer: Any) -> str:
    """What an answer lacks that every answer to the question has; the answer itself is not shown."""
    lacking = [name for name in _ABILITIES[face] if not callable(getattr(answer, name, None))]
    lacking += [name for name in _FACTS.get(face, ()) if not hasattr(answer, name)]
    named = " and no ".join(f"`{name}`" for name in lacking)
    return (
        f"answered with something of type `{type(answer).__name__}`, which has no {named}" if lacking else ""
    )


def _is(party: Party, pin: str) -> bool:
    """Whether a pin names this party, by its entry point or its distribution."""
    entry = party.entry
    return entry is not None and normalised(pin) in (normalised(entry.name), normalised(entry.distribution))
