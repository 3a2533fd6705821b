"""Looks credentials up, in a fixed order of places, and remembers where it looked.

What is found is wrapped before anything can fail: no frame that raises holds a bare value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from jackfield.config.bounds import KEPT, Bounds, origin_of
from jackfield.config.command import printed_by
from jackfield.config.layers import Layers
from jackfield.config.notes import warn
from jackfield.config.paths import Paths, shown
from jackfield.config.store import (
    SERVICE,
    bound_by,
    fault_of_mode,
    has_keyring,
    in_file,
    in_keyring,
    keyring_name,
)
from jackfield.errors import BadConfig, ErrorInfo
from jackfield.secret import Secret

SHORTEST_KEY = 8
LARGEST_SECRET_FILE = 1 << 16

_REFERENCE = re.compile(r"(env|file|keyring):(.+)", re.DOTALL)
_PLACEHOLDER = re.compile(
    r"test|demo|example|placeholder|change-?me|secret|your[-_ ].*|.*(your[-_ ](api[-_ ])?key|placeholder|<.*>"
    r"|\$\{.*\}|xxxxxx).*|123456\d*",
    re.IGNORECASE,
)


@frozen
class Fault:
    """Why something that was found is no credential; it shows nothing of it."""

    reason: str
    hint: str = ""


@frozen
class Need:
    """One credential that is looked for."""

    field: str = "api_key"
    env: tuple[str, ...] = ()
    key: bool = True  # a key, and not a client's id or another part
    lenient: bool = False  # a key that is optional may be a short placeholder for a server that checks none
    pattern: str = ""


@frozen
class Environment:
    """The environment as places of credentials; nothing shows its values."""

    values: Mapping[str, str] = field(repr=False)

    def get(self, name: str) -> str:
        """The value of a variable, trimmed; empty if it is not set."""
        return (self.values.get(name) or "").strip()


@define
class Lookup:
    """Looks for the credentials of one provider. ``looked`` grows with the places that were empty."""

    provider: str
    names: tuple[str, ...]  # the provider's id and aliases
    layers: Layers = field(repr=False)
    env: Environment = field(repr=False)
    paths: Paths = field(repr=False)
    warned: set[str] = field(repr=False)
    bounds: Bounds = field(factory=Bounds)
    address: str | None = None  # where the calls go
    looked: list[str] = field(factory=list, init=False)

    def find(self, need: Need) -> tuple[Secret, ...]:
        """What the first place that has something holds; nothing if none has."""
        for found in self._places(need):
            if isinstance(found, Fault):
                hint = found.hint or f"`jackfield keys set {self.provider}` stores another"
                raise BadConfig(ErrorInfo("config", found.reason, provider=self.provider, hint=hint))
            if found:
                self._suspect(found, need)
                return found
        return ()

    def _places(self, need: Need) -> Iterator[tuple[Secret, ...] | Fault]:
        """Every place in order; each is asked only when those before it had nothing."""
        yield self._stated(need, ("argument", "command line"))
        yield self._stated(need, ("environment",))
        yield self._in_environment(need)
        yield self._stated(need, KEPT)
        yield self._in_keyring(need)
        yield self._in_file(need)
        if need.key:
            yield self._from_command()

    # -- the places ------------------------------------------------------------------------------

    def _stated(self, need: Need, kinds: tuple[str, ...]) -> tuple[Secret, ...] | Fault:
        """What arguments and configuration files say."""
        for layer in self.layers.layers:
            if layer.kind not in kinds:
                continue
            for name in self.names:
                value = layer.at(("providers", name, need.field))
                if value is not None:
                    label = layer.label(("providers", name, need.field))
                    found = self._wrap_stated(value, label, layer.kind, need)
                    return self._kept(found, label) if layer.kind in KEPT else found
        if "argument" in kinds:
            self.looked.append(f"option `{need.field}`")
        return ()

    def _wrap_stated(self, value: Any, label: str, kind: str, need: Need) -> tuple[Secret, ...] | Fault:
        values = value if isinstance(value, tuple) else (value,)
        inline = [item for item in values if isinstance(item, str) and not _REFERENCE.fullmatch(item)]
        if need.key and inline and kind in ("user", "system"):
            path = next(
                path for path in (self.paths.config, *self.paths.system) if self._shown(path) in label
            )
            fault = fault_of_mode(path)
            if fault:
                return self._open(path, fault)
        source = f"option `{need.field}`" if kind in ("argument", "command line") else label
        return _all([self._wrap(item, source, need) for item in values])

    def _in_environment(self, need: Need) -> tuple[Secret, ...] | Fault:
        """Our own variables, then the vendor's."""
        own = f"JACKFIELD_{self.provider.upper().replace('-', '_')}_API_KEY"
        for name in (own, *need.env) if need.key else need.env:
            value = self.env.get(name)
            if value:
                return _all([_wrapped(value, f"env `{name}`", need)])
            several = self.env.get(f"{name}S") if name == own else ""
            if several:
                pieces = [piece for piece in several.split(",") if piece.strip()]
                return _all([_wrapped(piece, f"env `{name}S`", need) for piece in pieces])
            self.looked.append(f"env `{name}`")
        return ()

    def _in_keyring(self, need: Need) -> tuple[Secret, ...] | Fault:
        if not has_keyring():
            return ()
        value, fault = in_keyring(self.provider, need.field)
        place = f"keyring `{SERVICE}/{keyring_name(self.provider, need.field)}`"
        if value:
            stored_for, _ = in_keyring(self.provider, bound_by(need.field))
            return self._kept(_all([_wrapped(value, place, need)]), place, stored_for)
        self.looked.append(f"{place} ({fault})" if fault else place)
        return ()

    def _in_file(self, need: Need) -> tuple[Secret, ...] | Fault:
        path = self.paths.credentials
        place = f"`{self._shown(path)}`"
        open_to_others = fault_of_mode(path)
        if open_to_others:
            return self._open(path, open_to_others)
        value, fault = in_file(path, self.provider, need.field)
        if fault:
            return Fault(f"{place} {fault}")
        values = value if isinstance(value, list) else [value]
        if value and all(isinstance(item, str) for item in values):
            stored_for, _ = in_file(path, self.provider, bound_by(need.field))
            return self._kept(_all([self._wrap(item, place, need) for item in values]), place, stored_for)
        self.looked.append(place)
        return ()

    def _from_command(self) -> tuple[Secret, ...] | Fault:
        for name in self.names:
            found = self.layers.first("providers", name, "command")
            if found is not None:
                value, fault = printed_by(str(found.value))
                if fault:
                    return Fault(f"the command for the key of `{self.provider}` ({found.label}) {fault}")
                secrets = _all([_wrapped(value, f"the command in {found.label}", Need())])
                return self._kept(secrets, found.label) if found.kind in KEPT else secrets
        return ()

    # -- what is found ---------------------------------------------------------------------------

    def _kept(
        self, found: tuple[Secret, ...] | Fault, place: str, stored_for: object = ""
    ) -> tuple[Secret, ...] | Fault:
        """What somebody keeps, if it may go where the calls go."""
        reason = self.bounds.fault(self.address, stored_for if isinstance(stored_for, str) else "")
        if isinstance(found, Fault) or not found or not reason:
            return found
        hint = (
            f'put `allow_hosts = ["{origin_of(self.address or "")}"]` under [providers.{self.provider}] of your own'
            f" file, store a key while that address is set (`jackfield keys set {self.provider}`), or give one"
            " together with the address"
        )
        return Fault(f"the credential of `{self.provider}` from {place} {reason}", hint)

    def _wrap(self, value: str | Secret, source: str, need: Need) -> Secret | Fault:
        """A value as a secret; a reference is followed once, and what it leads to is taken as it is."""
        if isinstance(value, Secret):
            return value
        reference = _REFERENCE.fullmatch(value.strip())
        if reference is not None and not source.startswith("env "):
            kind, target = reference.group(1), reference.group(2).strip()
            referred = self._referred(kind, target)
            return referred if isinstance(referred, Fault) else _wrapped(referred, f"`{kind}:{target}`", need)
        return _wrapped(value, source, need)

    def _referred(self, kind: str, target: str) -> str | Fault:
        """What a reference such as ``env:NAME`` leads to."""
        if kind == "env":
            return self.env.get(target) or Fault(f"the variable `{target}` is not set")
        if kind == "keyring":
            value, fault = in_keyring(target, "api_key") if has_keyring() else ("", "is not installed")
            return value or Fault(f"the keyring has no `{SERVICE}/{target}` {fault}".rstrip())
        return _file(Path(target).expanduser())

    def _suspect(self, secrets: tuple[Secret, ...], need: Need) -> None:
        """Note what looks wrong but may be right: only the provider knows."""
        for secret in secrets:
            if need.key and not need.lenient and _PLACEHOLDER.fullmatch(secret.reveal()):
                self._warn(f"the key of `{self.provider}` from {secret.source} looks like a placeholder")
            elif need.pattern and re.fullmatch(need.pattern, secret.reveal()) is None:
                self._warn(
                    f"the key of `{self.provider}` from {secret.source} does not look like one of its keys"
                )

    def _warn(self, warning: str) -> None:
        if warning not in self.warned:
            self.warned.add(warning)
            warn(warning)

    def _open(self, path: Path, fault: str) -> Fault:
        shown = self._shown(path)
        return Fault(f"`{shown}` holds credentials and {fault}", f"`chmod 600 {shown}`")

    def _shown(self, path: Path) -> str:
        return shown(path, self.env.values)


def _all(found: list[Secret | Fault]) -> tuple[Secret, ...] | Fault:
    """All of them; the first fault if there is one."""
    faults = [item for item in found if isinstance(item, Fault)]
    return faults[0] if faults else tuple(item for item in found if isinstance(item, Secret))


def _wrapped(value: str, source: str, need: Need) -> Secret | Fault:
    """A value as a secret, or what is wrong with it."""
    value = value.strip() if need.key else _one_line(value.strip())
    for wrong, reason in _FAULTS:
        if wrong(value, need):
            return Fault(f"the credential from {source} {reason}")
    try:
        return Secret(value, source)
    except BadConfig as exc:
        return Fault(exc.info.message)


def _one_line(value: str) -> str:
    """A JSON document, as key files of cloud accounts are, without the line ends no secret may have."""
    if value[:1] != "{" or "\n" not in value:
        return value
    try:
        return json.dumps(json.loads(value))
    except (ValueError, RecursionError):
        return value  # whoever needs it as JSON says what is wrong with it


# What no key is. The value is never shown.
_FAULTS: tuple[tuple[Callable[[str, Need], bool], str], ...] = (
    (lambda value, need: value.lower().startswith("bearer "), "starts with `Bearer `: give the key alone"),
    (lambda value, need: need.key and any(map(str.isspace, value)), "has spaces inside"),
    (
        lambda value, need: need.key and not need.lenient and 0 < len(value) < SHORTEST_KEY,
        f"has fewer than {SHORTEST_KEY} characters",
    ),
)


def _file(path: Path) -> str | Fault:
    """The contents of a file with one secret."""
    try:
        if path.stat().st_size > LARGEST_SECRET_FILE:
            return Fault(f"`{path}` is too large for a credential")
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return Fault(f"`{path}` cannot be read")
    return text.strip() or Fault(f"`{path}` is empty")
