"""Frozen values that are made quickly: the ones of which every call makes several."""

from __future__ import annotations

from typing import Any, TypeVar

import attrs

Value = TypeVar("Value")


def quick(cls: type[Value]) -> type[Value]:
    """A frozen class with an ``__init__`` that takes half the time of the generated one.

    That one sets each field by name, past the ban on setting; this one through the field's own slot, or in
    the dict of the instance. Measured in 2026-11: 0.23 instead of 0.38 µs for three fields; a call makes a
    dozen such values, and spends a twelfth of its time outside the transport less.
    """
    init = cls.__init__
    known: dict[str, Any] = {}
    parameters, lines = ["self"], [] if "__slots__" in cls.__dict__ else ["fields = self.__dict__"]
    for fact in attrs.fields(cls):  # type: ignore[arg-type]  # it is one of attrs
        name, value = fact.name, fact.name
        parameters.append(name)
        if isinstance(fact.default, attrs.Factory):  # type: ignore[arg-type]  # a class, though typed as none
            known[f"make_{name}"] = fact.default.factory
            known[f"default_{name}"] = attrs.NOTHING
            parameters[-1] += f"=default_{name}"
            value = f"make_{name}() if {name} is default_{name} else {name}"
        elif fact.default is not attrs.NOTHING:
            known[f"default_{name}"] = fact.default
            parameters[-1] += f"=default_{name}"
        if fact.converter is not None:
            known[f"convert_{name}"] = fact.converter
            value = f"convert_{name}({value})"
        if "__slots__" in cls.__dict__:
            known[f"set_{name}"] = getattr(cls, name).__set__
            lines.append(f"set_{name}(self, {value})")
        else:
            lines.append(f"fields[{name!r}] = {value}")
    source = f"def __init__({', '.join(parameters)}):\n    " + "\n    ".join(lines)
    exec(source, known)  # noqa: S102  # of the class's own fields
    made = known["__init__"]
    made.__annotations__, made.__qualname__ = init.__annotations__, init.__qualname__
    cls.__init__ = made  # type: ignore[method-assign]
    return cls
