"""The providers of this process: listed without importing, imported one by one when they are asked for."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from attrs import frozen

from jackfield.errors import (
    BadConfig,
    ErrorInfo,
    JackfieldError,
    ModelNotFound,
    PluginFailed,
    ProviderConflict,
    UnknownProvider,
)
from jackfield.profile import SUPPORTED_SPECS, Model, Profile
from jackfield.profile.reader import MODELS_FILE, PROFILE_FILE, profile_of, read_toml
from jackfield.registry.entries import (
    EXTENSIONS,
    PROVIDERS,
    Entry,
    EntryPointLike,
    folder_of,
    installed_entries,
    normalised,
    of_entry_points,
)
from jackfield.registry.load import failed, load

if TYPE_CHECKING:
    from jackfield.registry.faces import Faces, Party


MAKER = "lab"  # the category of those whose own models they are


@frozen
class Finding:
    """Something about the installation that ought to be mended; ``doctor`` tells."""

    subject: str
    error: ErrorInfo


class Resolved(NamedTuple):
    """What the name of a model stands for."""

    profile: Profile
    model: Model


class Registry:
    """Installed providers by id.

    :param entry_points: entry points instead of those of the installed distributions
    :param blocked: ids of providers and names of extensions that are never listed nor imported
    :param prefer: which distribution answers for an id, or for ``id.face``, where several would
    :param trace: tell on stderr of every file that is read and every module that is imported
    """

    def __init__(
        self,
        entry_points: Iterable[EntryPointLike] | None = None,
        blocked: Iterable[str] = (),
        prefer: Mapping[str, str] | None = None,
        trace: bool = False,
    ) -> None:
        from_env = os.environ.get("JACKFIELD_BLOCK", "").split(",")
        self._blocked = frozenset(normalised(name) for name in (*blocked, *from_env) if name.strip())
        self._prefer = {normalised(name): distribution for name, distribution in (prefer or {}).items()}
        self._trace = trace or os.environ.get("JACKFIELD_TRACE_PLUGINS", "") not in ("", "0")
        self._given = None if entry_points is None else of_entry_points(entry_points)
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._grouped: dict[str, dict[str, list[Entry]]] | None = None
        self._added: dict[str, tuple[Profile, object | None]] = {}
        self._profiles: dict[str, Profile] = {}
        self._plugins: dict[str, object] = {}
        self._faces: dict[str, tuple[object, Faces]] = {}
        self._parties: list[Party] | None = None
        self._broken: dict[str, Finding] = {}

    # -- what is installed: nothing is read but entry points -------------------------------------

    def ids(self) -> tuple[str, ...]:
        """The ids of all providers, in order. Nothing is imported, no profile is read."""
        return tuple(sorted({*self._providers, *self._added}))

    def names(self) -> frozenset[str]:
        """Every id and alias that means a provider, installed or only known."""
        from jackfield.registry.known import known_aliases, known_providers

        aliases = (normalised(alias) for profile in self.profiles() for alias in profile.aliases)
        return frozenset({*self.ids(), *aliases, *known_providers(), *known_aliases()})

    def installed(self, provider: str) -> tuple[str, str]:
        """The distribution a provider comes with, and its version."""
        found = self._id(provider)
        if found in self._added:
            return "in this process", ""
        entry = self._entry(found)
        return entry.distribution, entry.version

    def extensions(self) -> tuple[Entry, ...]:
        """The extensions that are installed; nothing is imported."""
        return tuple(entry for name in sorted(self._extensions) for entry in self._extensions[name])

    def extension(self, name: str) -> object:
        """The object of an installed extension, imported once; ``KeyError`` if there is none of that name."""
        entry = self._extensions[normalised(name)][0]
        return self._extension(f"extension {entry.name} {entry.value}", entry)

    def add(self, profile: Profile | Path, plugin: object | None = None) -> Profile:
        """Register a provider of this process, ahead of an installed one of the same id."""
        found = profile if isinstance(profile, Profile) else self._read(profile)
        if found.spec not in SUPPORTED_SPECS:
            raise PluginFailed(ErrorInfo("plugin", _other_spec(f"provider `{found.id}`", found.spec)))
        provider = normalised(found.id)
        with self._lock:
            self._added[provider] = (found, plugin)
            for kept in (self._profiles, self._plugins, self._faces):
                kept.pop(provider, None)
        return found

    @property
    def _providers(self) -> dict[str, list[Entry]]:
        return self._by_group()[PROVIDERS]

    @property
    def _extensions(self) -> dict[str, list[Entry]]:
        return self._by_group()[EXTENSIONS]

    def _by_group(self) -> dict[str, dict[str, list[Entry]]]:
        """All entries that are not blocked, by group and name; read when first needed."""
        if self._grouped is None:
            started = time.perf_counter()
            entries = installed_entries() if self._given is None else self._given
            grouped: dict[str, dict[str, list[Entry]]] = {PROVIDERS: {}, EXTENSIONS: {}}
            for entry in entries:
                name = normalised(entry.name)
                if name not in self._blocked:
                    grouped[entry.group].setdefault(name, []).append(entry)
            self._grouped = grouped
            self._tell("listed", f"{len(entries)} entry points", started)
        return self._grouped

    # -- one provider ----------------------------------------------------------------------------

    def profile(self, provider: str) -> Profile:
        """What a provider's files say; its code is not imported."""
        found = self._id(provider)
        if found in self._added:
            return self._added[found][0]
        profile = self._profiles.get(found)
        if profile is None:
            profile = self._profiles.setdefault(found, self._profile(self._entry(found)))
        return profile

    def profiles(self) -> tuple[Profile, ...]:
        """The profiles of all providers; one that cannot be read is a finding and is left out."""
        return tuple(profile for provider in self.ids() if (profile := self._whole(provider)) is not None)

    def id_of(self, name: str) -> str:
        """The id that a provider's name stands for; ``UnknownProvider`` if it is not installed."""
        return self._id(name)

    def source_of(self, provider: str) -> Entry | Profile:
        """Where a provider comes from: its entry point, or its profile if it was added in this process."""
        return self._added[provider][0] if provider in self._added else self._entry(provider)

    def checked_profile(self, provider: str) -> Profile:
        """A provider's profile, with its models read; ``PluginFailed`` if its files are not valid."""
        profile = self.profile(provider)
        self._all_models(profile)
        return profile

    def plugin(self, provider: str) -> object:
        """The provider's plugin, imported when it is first asked for, once, whoever asks."""
        found = self._id(provider)
        if found in self._plugins:
            return self._plugins[found]
        with self._lock:
            lock = self._locks.setdefault(found, threading.Lock())
        with lock:  # the plugin is published after its import is complete
            if found not in self._plugins:
                self._plugins[found] = self._imported(found)
            return self._plugins[found]

    def hooks(self, provider: str, core: object) -> Faces:
        """Who answers the four hooks for a provider: extensions, then its plugin, at last ``core``."""
        from jackfield.registry.faces import Party, faces_of

        found = self._id(provider)
        kept = self._faces.get(found)
        if kept is not None and kept[0] is core:
            return kept[1]
        own = None if found in self._added else self._entry(found)
        plugin = self.plugin(found)
        parties = [Party("core", core)]
        parties += [Party("plugin", plugin, own)] if plugin is not None else []
        faces = faces_of(found, [*parties, *self._answering_extensions()], self._prefer)
        self._faces[found] = (core, faces)
        return faces

    def resolve(self, name: str) -> Resolved:
        """The provider and model that ``provider/model`` or the name of a model stands for."""
        provider, slash, model = name.strip().partition("/")
        if slash and model:
            profile = self.profile(provider)
            return Resolved(profile, self._model(profile, model))
        if slash or self._find_id(provider) is not None:
            msg = f"`{name}` names no model"
            raise ModelNotFound(
                ErrorInfo("model.missing", msg, hint=f"write `{provider}/` and the model's name")
            )
        return self._bare(provider)

    # -- behind those ----------------------------------------------------------------------------

    def _find_id(self, name: str) -> str | None:
        """The id that a provider's name stands for, if it is installed."""
        provider = normalised(name)
        if provider in self._added or provider in self._providers:
            return provider
        from jackfield.registry.known import known_aliases

        usual = known_aliases().get(provider, "")
        if usual in self._added or usual in self._providers:
            return usual
        claiming = [p.id for p in self.profiles() if provider in map(normalised, p.aliases)]
        if len(claiming) > 1:
            msg = f"`{name}` is an alias of {_named(claiming)}"
            raise ProviderConflict(ErrorInfo("plugin.conflict", msg, hint="use the id"))
        return normalised(claiming[0]) if claiming else None

    def _id(self, name: str) -> str:
        found = self._find_id(name)
        if found is None:
            raise self._unknown(name)
        return found

    def _unknown(self, name: str) -> UnknownProvider:
        """The error for a provider that is not installed: how to install it, or what may be meant."""
        from jackfield.registry.known import known, known_aliases, known_providers

        provider = normalised(name)
        if provider in self._blocked:
            msg, hint = f"provider `{provider}` is blocked", "it is named in `JACKFIELD_BLOCK` or `block`"
        elif (exists := known(provider)) is not None:
            state = "not installed" if exists.install else "has no package yet"
            msg, hint = f"provider `{exists.id}` is known but {state}", exists.hint
        else:
            from difflib import get_close_matches

            close = get_close_matches(provider, {*self.ids(), *known_providers(), *known_aliases()}, 3)
            msg = f"no provider `{provider}` is installed or known"
            hint = f"did you mean {_named(close)}?" if close else f"installed: {_named(self.ids())}"
        return UnknownProvider(ErrorInfo("plugin.unknown", msg, provider=provider, hint=hint, sent="no"))

    def _entry(self, provider: str) -> Entry:
        """The one entry point that provides an id."""
        entries = self._providers[provider]
        pin = self._prefer.get(provider)
        if pin is not None:
            chosen = [entry for entry in entries if normalised(entry.distribution) == normalised(pin)]
            if len(chosen) == 1:
                return chosen[0]
            msg = f"`{provider}` is to come from `{pin}`, but comes from {' and '.join(e.shown for e in entries)}"
            raise ProviderConflict(
                ErrorInfo("plugin.conflict", msg, provider=provider, hint=f"`pip install {pin}`")
            )
        if len(entries) == 1:
            return entries[0]
        who = " and ".join(entry.shown for entry in entries)
        hint = f'choose one in your configuration: [prefer] {provider} = "{entries[0].distribution}"'
        msg = f"two distributions provide `{provider}`: {who}"
        raise ProviderConflict(ErrorInfo("plugin.conflict", msg, provider=provider, hint=hint))

    def _profile(self, entry: Entry) -> Profile:
        """The profile beside a plugin's package."""
        folder = folder_of(entry)
        if folder is None or not (folder / PROFILE_FILE).is_file():
            raise failed(entry, f"has no `{PROFILE_FILE}` beside `{entry.module}`")
        try:
            profile = self._read(folder, entry)
        except BadConfig as exc:
            raise failed(entry, f"has an invalid profile: {exc.info.message}") from None
        if normalised(profile.id) != normalised(entry.name):
            raise failed(entry, f"is installed as `{entry.name}`, but its profile says `{profile.id}`")
        return profile

    def _read(self, folder: Path, entry: Entry | None = None) -> Profile:
        started = time.perf_counter()
        table = read_toml(folder / PROFILE_FILE)
        spec = table.get("spec")
        # Another spec may have other keys: it is refused before they are looked at.
        if isinstance(spec, int) and spec not in SUPPORTED_SPECS:
            subject = f"`{folder.name}`" if entry is None else entry.shown
            raise PluginFailed(
                ErrorInfo("plugin", _other_spec(f"plugin {subject}", spec), hint="`pip install -U jackfield`")
            )
        profile = profile_of(table, folder)
        self._tell("read", str(folder / PROFILE_FILE), started)
        return profile

    def _model(self, profile: Profile, name: str) -> Model:
        """A model of a provider; reading the list is told apart from not finding the name."""
        started = time.perf_counter()
        try:
            model = profile.model(name)
        except BadConfig as exc:
            msg = f"the models of `{profile.id}` cannot be read: {exc.info.message}"
            raise PluginFailed(ErrorInfo("plugin", msg, provider=profile.id)) from None
        self._tell("read", f"{profile.id} {MODELS_FILE}", started)
        return model

    def _bare(self, name: str) -> Resolved:
        """The only provider that lists a model of that name; of several, the one that made it."""
        listing = [Resolved(p, m) for p in self.profiles() if (m := self._listed(p, name)) is not None]
        listing = [found for found in listing if found.model.id == name] or listing
        makers = [found for found in listing if found.profile.category == MAKER]
        if len(listing) == 1 or len(makers) == 1:
            return (makers or listing)[0]
        if listing:
            msg = f"model `{name}` is listed by several providers"
            hint = f"write one of {_named(f'{found.profile.id}/{found.model.id}' for found in listing)}"
        else:
            from difflib import get_close_matches

            names = [f"{p.id}/{m.id}" for p in self.profiles() for m in p.models]
            tails = {full.partition("/")[2]: full for full in names}
            close = [tails[tail] for tail in get_close_matches(name, tails, 3)]
            msg = f"no installed provider lists a model `{name}`"
            hint = f"did you mean {_named(close)}?" if close else 'write "provider/model"'
        raise ModelNotFound(ErrorInfo("model.missing", msg, model=name, hint=hint, sent="no"))

    def _listed(self, profile: Profile, name: str) -> Model | None:
        model = self._model(profile, name)
        return model if model.listed else None

    def _imported(self, provider: str) -> object:
        if provider in self._added:
            return self._added[provider][1]
        self.profile(provider)  # a plugin of another spec, or with a broken profile, is not imported
        return self._load(self._entry(provider))

    def _load(self, entry: Entry) -> object:
        started = time.perf_counter()
        try:
            return load(entry)
        finally:
            self._tell("imported", entry.value, started)

    # -- extensions and findings -----------------------------------------------------------------

    def _answering_extensions(self) -> list[Party]:
        """All extensions that can be used, imported once; a broken one is a finding and is told of."""
        from jackfield.registry.faces import Party, checked

        if self._parties is not None:
            return self._parties
        parties: list[Party] = []
        for entry in self.extensions():
            key = f"extension {entry.name} {entry.value}"
            try:
                party = Party("extension", self._extension(key, entry), entry)
                parties.append(checked(party))
            except PluginFailed as exc:
                self._broken[key] = Finding(entry.distribution, exc.info)
                _warn(exc.info)
        self._parties = parties
        return parties

    def _extension(self, key: str, entry: Entry) -> object:
        """An extension, imported once."""
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._plugins:
                self._plugins[key] = self._load(entry)
            return self._plugins[key]

    def _whole(self, provider: str) -> Profile | None:
        """A provider's profile, or a finding."""
        try:
            return self.profile(provider)
        except PluginFailed as exc:
            self._broken[provider] = Finding(provider, exc.info)
            return None

    def findings(self, *, imports: bool = True) -> tuple[Finding, ...]:
        """Everything that is wrong with what is installed; each plugin is imported unless told otherwise."""
        for provider in self.ids():
            fault = self._fault(provider, imports=imports)
            if fault is not None:
                self._broken[provider] = Finding(provider, fault)
        if imports:
            self._answering_extensions()
        return tuple(self._broken.values())

    def _fault(self, provider: str, *, imports: bool) -> ErrorInfo | None:
        from jackfield.registry.faces import Party, checked

        try:
            self._all_models(self.profile(provider))
            plugin = self.plugin(provider) if imports else None
            own = None if provider in self._added else self._entry(provider)
            if plugin is not None:
                checked(Party("plugin", plugin, own))
        except JackfieldError as exc:
            return exc.info
        return None

    def _all_models(self, profile: Profile) -> tuple[Model, ...]:
        """The models of a provider; ``PluginFailed`` if its list cannot be read."""
        try:
            return profile.models
        except BadConfig as exc:
            reason = exc.info.message
        msg = f"the models of `{profile.id}` cannot be read: {reason}"
        raise PluginFailed(ErrorInfo("plugin", msg, provider=profile.id))

    def _tell(self, verb: str, subject: str, started: float) -> None:
        if self._trace:
            spent = (time.perf_counter() - started) * 1000
            sys.stderr.write(f"jackfield: {verb} {subject} in {spent:.1f} ms\n")


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _other_spec(subject: str, spec: int) -> str:
    supported = " and ".join(map(str, SUPPORTED_SPECS))
    return f"{subject} implements spec {spec}; this core supports {supported}. It was skipped"


def _warn(info: ErrorInfo) -> None:
    import logging

    logging.getLogger("jackfield").warning("%s; it was skipped", info.message)
