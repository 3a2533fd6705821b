"""A credential that a command prints, such as that of a password manager."""

from __future__ import annotations

import os
import shlex

TIMEOUT = 30.0


def printed_by(command: str) -> tuple[str, str]:
    """What ``command`` prints, and what went wrong; one of the two is empty.

    It runs without a shell and reads nothing. What it prints is never part of what went wrong, and the
    fault is returned, not raised, so that no traceback holds the output.
    """
    import subprocess

    try:
        arguments = shlex.split(command, posix=os.name != "nt")
        done = subprocess.run(  # noqa: S603  # the user's own command; a project's file may not state one
            arguments, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False
        )
        printed = done.stdout.decode().strip()
    except subprocess.TimeoutExpired:
        return "", f"did not end within {TIMEOUT:g} seconds"
    except UnicodeDecodeError:
        return "", "printed something that is not text"
    except (OSError, ValueError, IndexError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else "it is not a command line"
        return "", f"could not be started: {reason}"
    if done.returncode:
        return "", f"ended with status {done.returncode}"
    return (printed, "") if printed else ("", "printed nothing")
