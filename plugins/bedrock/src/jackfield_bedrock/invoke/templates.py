"""Turns as one prompt, in the words the makers' models were trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from jackfield.types import Message

Template: TypeAlias = Callable[[list[tuple[str, str]]], str]

MARKS = (
    "<s>",
    "<|begin_of_text|>",
    "<|im_start|>",
    "<｜begin▁of▁sentence｜>",
    "<|start_header_id|>",
    "\n\nHuman:",
)
"""What a prompt begins with that is written in such words already, and is sent as it is."""


def said(messages: tuple[Message, ...]) -> list[tuple[str, str]]:
    """Role and text of each turn; the answers of tools are the user's."""
    roles = {"tool": "user"}
    return [(roles.get(message.role, message.role), message.text) for message in messages]


def prompt_of(turns: list[tuple[str, str]], template: Template) -> str:
    """The prompt for the turns; one that is written in the model's words already stays as it is."""
    if len(turns) == 1 and turns[0][1].startswith(MARKS):
        return turns[0][1]
    return template(turns)


def plain(turns: list[tuple[str, str]]) -> str:
    """One turn as it is; several as speech, the last of which is to come."""
    if len(turns) == 1:
        return turns[0][1]
    names = {"system": "", "user": "User: ", "assistant": "Bot: "}
    return "\n".join(f"{names[role]}{text}" for role, text in turns) + "\nBot:"


def llama_2(turns: list[tuple[str, str]]) -> str:
    """With the system's words inside the first of the user's."""
    system = "\n".join(text for role, text in turns if role == "system")
    before = f"<<SYS>>\n{system}\n<</SYS>>\n\n" if system else ""
    return _instructed(turns, before, " {} </s>", "<s>[INST] ", " [/INST]", every=True)


def llama_3(turns: list[tuple[str, str]]) -> str:
    """With a header for every role."""
    pieces = [f"<|start_header_id|>{role}<|end_header_id|>\n\n{text}<|eot_id|>" for role, text in turns]
    return f"<|begin_of_text|>{''.join(pieces)}<|start_header_id|>assistant<|end_header_id|>\n\n"


def llama_4(turns: list[tuple[str, str]]) -> str:
    """With a header for every role, spelt anew."""
    pieces = [f"<|header_start|>{role}<|header_end|>\n\n{text}<|eot|>" for role, text in turns]
    return f"<|begin_of_text|>{''.join(pieces)}<|header_start|>assistant<|header_end|>\n\n"


def mistral(turns: list[tuple[str, str]]) -> str:
    """With the system's words before the first of the user's."""
    system = "\n".join(text for role, text in turns if role == "system")
    return _instructed(turns, f"{system}\n" if system else "", " {}</s>", "<s>[INST] ", " [/INST]")


def deepseek(turns: list[tuple[str, str]]) -> str:
    """With a mark for every role; the model's thinking is to come first."""
    names = {"system": "", "user": "<｜User｜>", "assistant": "<｜Assistant｜>"}
    ends = {"assistant": "<｜end▁of▁sentence｜>"}
    pieces = [f"{names[role]}{text}{ends.get(role, '')}" for role, text in turns]
    return f"<｜begin▁of▁sentence｜>{''.join(pieces)}<｜Assistant｜><think>\n"


def _instructed(
    turns: list[tuple[str, str]], before: str, answer: str, begin: str, end: str, *, every: bool = False
) -> str:
    """Instructions in brackets, each with its answer behind it."""
    out = ""
    for role, text in turns:
        if role == "assistant":
            out += answer.format(text.strip())
        elif role == "user":
            mark = begin if every or not out else begin.removeprefix("<s>")
            out += f"{mark}{before}{text}{end}"
            before = ""
    return out


TEMPLATES: Mapping[str, Template] = {
    "plain": plain,
    "llama_2": llama_2,
    "llama_3": llama_3,
    "llama_4": llama_4,
    "mistral": mistral,
    "deepseek": deepseek,
}
