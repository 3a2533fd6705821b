"""``jackfield completion SHELL``: the script that makes a shell complete our commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from jackfield.cli.flags import Plain
from jackfield.cli.invocation import invocation

# Bash takes a colon for the end of a word, and ids of models have colons: the words of what is being typed are
# put together again, and of what is found only that is told which stands behind the last colon. After a slash no
# space follows, since a model does.
_BASH = r"""
_jackfield_completion() {
    local IFS=$'\n' line=${COMP_LINE:0:COMP_POINT} last=$COMP_CWORD told= item
    local -a words=("${COMP_WORDS[@]:0:COMP_CWORD + 1}")
    local typed=${line##*[[:space:]]}
    if [[ $typed == *:* ]]; then
        local joined=${words[last]} first=$last
        while [[ $joined != "$typed" && $first -gt 1 ]]; do
            joined=${words[--first]}$joined
        done
        if [[ $joined == "$typed" ]]; then
            words=("${words[@]:0:first}" "$joined")
            last=$first told=${typed%"${typed##*:}"}
        fi
    fi
    COMPREPLY=()
    for item in $(COMP_WORDS="${words[*]}" COMP_CWORD=$last _JACKFIELD_COMPLETE=bash_complete "$1"); do
        case $item in
            dir,*) compopt -o dirnames ;;
            file,*) compopt -o default ;;
            plain,*/) compopt -o nospace; item=${item#plain,}; COMPREPLY+=("${item#"$told"}") ;;
            plain,*) item=${item#plain,}; COMPREPLY+=("${item#"$told"}") ;;
        esac
    done
}

complete -o nosort -F _jackfield_completion jackfield
"""


@click.command(cls=Plain)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    Put `eval "$(jackfield completion bash)"` into ~/.bashrc, or the same with zsh into ~/.zshrc; for fish,
    write what is printed to ~/.config/fish/completions/jackfield.fish.
    """
    if shell == "bash":
        invocation().console.out(_BASH.lstrip(), end="")
        return
    from jackfield.cli.app import app

    maker = get_completion_class(shell)
    assert maker is not None
    invocation().console.out(maker(app, {}, "jackfield", "_JACKFIELD_COMPLETE").source())
