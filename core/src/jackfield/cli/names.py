"""Names the shell can complete, from data beside the plugins: none is imported, nobody is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

MANY = 200


def complete_model(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Providers first; the models of one once it is typed."""
    from jackfield.errors import JackfieldError
    from jackfield.registry import Registry

    registry = Registry()
    provider, slash, _ = incomplete.partition("/")
    try:
        if not slash:
            return [f"{name}/" for name in registry.ids() if name.startswith(incomplete)]
        found = (f"{provider}/{model.id}" for model in registry.profile(provider).models)
        return [name for name in found if name.startswith(incomplete)][:MANY]
    except JackfieldError:
        return []  # a shell that completes has no place for messages


def complete_provider(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The installed providers."""
    from jackfield.registry import Registry

    return [name for name in Registry().ids() if name.startswith(incomplete)]
