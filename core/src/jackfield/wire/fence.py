"""The one fence between what others send and what our parsers and readers expect of it.

An answer that is JSON but of another form than the wire's makes a parser stumble. Whatever it stumbles over,
the answer is what cannot be read: callers see ``Malformed``, never a ``KeyError``. So do clients of a server
half with their requests: they see ``InvalidRequest``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from jackfield.errors import ErrorInfo, InvalidRequest, JackfieldError
from jackfield.wire.call import Reply

Result = TypeVar("Result")


def unreadable(stumble: Exception) -> ErrorInfo:
    """What a parser's stumble stands for. Its text may quote the answer, so its kind and place alone are told."""
    trace = stumble.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in `{trace.tb_frame.f_code.co_name}`" if trace is not None else ""
    return ErrorInfo(
        "protocol.body", f"the answer is not of the wire's form ({type(stumble).__name__}{where})"
    )


def fenced(parse: Callable[[Reply], Result], reply: Reply) -> Result:
    """What ``parse`` makes of ``reply``; ``Malformed`` where it stumbles."""
    try:
        return parse(reply)
    except JackfieldError:
        raise
    except Exception as stumble:  # noqa: BLE001  # the fence: see the module
        info = unreadable(stumble)
    raise info.to_exception()


def understood(read: Callable[[], Result], refuse: Callable[[str], InvalidRequest]) -> Result:
    """What ``read`` makes of a client's request; the wire's own refusal where it stumbles."""
    try:
        return read()
    except JackfieldError:
        raise
    except Exception as stumble:  # noqa: BLE001  # the fence: see the module
        fault = type(stumble).__name__
    raise refuse(f"the body is not of the wire's form ({fault})")
