"""``jackfield completion SHELL``: the script that makes a shell complete our commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from jackfield.cli.flags import Plain
from jackfield.cli.invocation import invocation


@click.command(cls=Plain)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    Put `eval "$(jackfield completion bash)"` into ~/.bashrc, or the same with zsh into ~/.zshrc; for fish,
    write what is printed to ~/.config/fish/completions/jackfield.fish.
    """
    from jackfield.cli.app import app

    maker = get_completion_class(shell)
    assert maker is not None
    invocation().console.out(maker(app, {}, "jackfield", "_JACKFIELD_COMPLETE").source())
