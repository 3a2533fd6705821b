"""Forms with files, ``multipart/form-data``, both ways. A form is the same bytes whenever it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.message import MIMEPart
from email.parser import BytesParser
from email.policy import HTTP
from hashlib import sha256
from typing import TypeAlias

from attrs import field, frozen

from jackfield.errors import ErrorInfo, InvalidRequest


@frozen
class Attached:
    """A file in a form."""

    name: str
    data: bytes = field(repr=lambda data: f"<{len(data)} bytes>")
    media_type: str = "application/octet-stream"


Form: TypeAlias = tuple[tuple[str, str | Attached], ...]

_UNQUOTED = re.compile(r'[\r\n"\\]')


def write_form(form: Iterable[tuple[str, str | Attached]]) -> tuple[str, bytes]:
    """The content type and the body of a form."""
    parts = [_part(name, value) for name, value in form]
    boundary = sha256(b"".join(parts)).hexdigest()[:40]  # follows from the contents, and is not in them
    edge = f"--{boundary}".encode()
    body = b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"
    return f"multipart/form-data; boundary={boundary}", body


def _part(name: str, value: str | Attached) -> bytes:
    head = f'content-disposition: form-data; name="{_quoted(name)}"'
    if isinstance(value, str):
        return f"{head}\r\n\r\n".encode() + value.encode("utf-8", "replace")
    head += f'; filename="{_quoted(value.name)}"\r\ncontent-type: {_one_line(value.media_type)}'
    return f"{head}\r\n\r\n".encode() + value.data


def _quoted(text: str) -> str:
    """A name as it stands between quotes: what would end it, or the line, is encoded as browsers do."""
    return _UNQUOTED.sub(lambda match: f"%{ord(match[0]):02X}", text)


def _one_line(text: str) -> str:
    return text if text.isascii() and text.isprintable() else "application/octet-stream"


def read_form(content_type: str, body: bytes) -> Form:
    """The fields of a form, in order."""
    if not content_type.lower().startswith("multipart/form-data"):
        raise _refused(f"a form is expected, not {content_type or 'nothing'!r:.60}")
    head = f"content-type: {content_type}\r\n\r\n".encode("ascii", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise _refused("the form cannot be read")
    return tuple((_name(part), _value(part)) for part in message.iter_parts())


def _name(part: MIMEPart) -> str:
    return str(part.get_param("name", "", "content-disposition") or "")


def _value(part: MIMEPart) -> str | Attached:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    name = part.get_filename()
    if name is None:
        return data.decode("utf-8", "replace")
    return Attached(str(name), data, part.get_content_type())


def _refused(message: str) -> InvalidRequest:
    return InvalidRequest(ErrorInfo("request.invalid", message, status=400, sent="no"))
