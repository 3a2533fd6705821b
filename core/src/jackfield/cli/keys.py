"""``jackfield keys``: store, list and remove credentials. A key is read without echo and never shown."""

from __future__ import annotations

import getpass
import sys

import click

from jackfield.cli.asking import text_of
from jackfield.cli.console import is_terminal
from jackfield.cli.failures import Exit, Misuse
from jackfield.cli.flags import Command, Family, Plain
from jackfield.cli.invocation import Invocation, invocation
from jackfield.cli.names import complete_provider
from jackfield.errors import JackfieldError
from jackfield.secret import Secret


@click.group(cls=Family)
def keys() -> None:
    """Store, list and remove keys."""


@keys.command("set", cls=Plain)
@click.argument("provider", shell_complete=complete_provider)
@click.option("--field", default="api_key", show_default=True, help="Which of several credentials it is.")
@click.option(
    "--keyring/--file", "keyring", default=None, help="Where to keep it; by default the keyring, if any."
)
def set_(provider: str, field: str, keyring: bool | None) -> None:
    """Store the key of a provider, for the address that is set for it now.

    The key is asked for without echo, or read from stdin: `pass show acme | jackfield keys set acme`.
    """
    from jackfield.config import store_credential
    from jackfield.config.bounds import origin_of
    from jackfield.config.store import has_keyring

    run = invocation()
    if keyring and not has_keyring():
        msg = "there is no keyring"
        raise Misuse(msg, "`pip install 'jackfield[keyring]'`")
    profile = run.registry.profile(provider)
    name, address = profile.id, run.settings.provider(profile).base_url
    own = profile.base_url  # an update of the package may move it: nothing is bound to it here
    origin = origin_of(address) if address and origin_of(address) != origin_of(own or "") else ""
    paths, secret = run.settings.paths, _read(name, field)
    place = store_credential(paths, name, secret, field, keyring=keyring, origin=origin)
    words = field.replace("_", " ")
    run.console.note(
        f"stored the {words} of `{name}` in {place}" + (f", for {origin} alone" if origin else "")
    )


def _read(provider: str, field: str) -> Secret:
    """The credential, wrapped at once."""
    if is_terminal(sys.stdin):
        return Secret(getpass.getpass(f"{field.replace('_', ' ')} of {provider}: "), "the prompt")
    if sys.stdin is None or sys.stdin.closed:
        msg = "stdin is closed; there is nothing to read a key from"
        raise Misuse(msg)
    return Secret(text_of(sys.stdin.buffer.read(), "stdin"), "stdin")


@keys.command("list", cls=Command)
def list_() -> None:
    """List where the key of each installed provider is found; never the key."""
    from jackfield.cli.credentials import key_of

    run = invocation()
    rows = [(name, key_of(run, name)) for name in run.registry.ids()]
    if run.json:
        run.console.json([{"provider": name, "key": key.state, "where": key.where} for name, key in rows])
        return
    run.console.table(("PROVIDER", "KEY"), [(name, key.words) for name, key in rows])


@keys.command("remove", cls=Plain)
@click.argument("provider")
def remove(provider: str) -> None:
    """Forget the stored key of a provider. Variables of the environment are not ours to remove."""
    from jackfield.config import remove_credential

    run = invocation()
    name, fields = _stored(run, provider)
    if remove_credential(run.settings.paths, name, fields):
        run.console.note(f"removed what was stored for `{name}`")
        return
    run.console.fail(
        f"nothing is stored for `{provider}`", hint="`jackfield keys list` shows where keys are found"
    )
    click.get_current_context().exit(Exit.NO)


def _stored(run: Invocation, provider: str) -> tuple[str, list[str]]:
    """The id that credentials are stored under, and what they may be called; its package may be gone."""
    from jackfield.config.provider import credential_names

    try:
        profile = run.registry.profile(provider)
    except JackfieldError:
        return provider, []
    return profile.id, list(credential_names(profile))
