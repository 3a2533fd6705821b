"""What tests want to know afterwards, as assertions that say what was there instead."""

from __future__ import annotations

from decimal import Decimal

from jackfield_simulator.bill import Bill, Line


class Asserts:
    """Assertions about what was asked and billed. Each takes facts of a line: ``provider="groq", status=429``."""

    bill: Bill

    def requests(self, **facts: object) -> list[Line]:
        """The requests that these facts are true of, in order; those for tokens only where they are asked for."""
        lines = self.bill.where(
            lambda line: all(getattr(line, name) == value for name, value in facts.items())
        )
        return lines if "operation" in facts else [line for line in lines if line.operation != "token"]

    def assert_requests(self, count: int, **facts: object) -> None:
        """There were exactly so many requests."""
        found = len(self.requests(**facts))
        assert found == count, f"{found} requests{_told(facts)}, not {count}{self._all()}"

    def assert_no_requests(self, **facts: object) -> None:
        """Nothing was asked."""
        self.assert_requests(0, **facts)

    def assert_asked(self, text: str, **facts: object) -> None:
        """Some request asked something that has this text in it."""
        found = [line for line in self.requests(**facts) if text.lower() in line.asked.lower()]
        assert found, f"nothing{_told(facts)} asked {text!r}{self._all()}"

    def assert_statuses(self, *statuses: int, **facts: object) -> None:
        """The requests were answered with these statuses, in this order."""
        found = tuple(line.status for line in self.requests(**facts))
        assert found == statuses, f"the statuses{_told(facts)} were {found}, not {statuses}{self._all()}"

    def assert_faulted(self, *faults: str, **facts: object) -> None:
        """These faults were injected, in this order."""
        found = tuple(line.fault for line in self.requests(**facts) if line.fault)
        assert found == faults, f"the faults{_told(facts)} were {found}, not {faults}{self._all()}"

    def assert_billed(
        self,
        *,
        input: int | None = None,  # noqa: A002  # the bill's own word
        output: int | None = None,
        charge: Decimal | str | None = None,
        **facts: object,
    ) -> None:
        """The tokens and the money that were charged add up to this."""
        lines = self.requests(**facts)
        wanted = {"input": input, "output": output, "charge": None if charge is None else Decimal(charge)}
        for name, value in wanted.items():
            found = sum((getattr(line, name) for line in lines), Decimal(0) if name == "charge" else 0)
            assert value is None or found == value, (
                f"{name}{_told(facts)} was {found}, not {value}{self._all()}"
            )

    def _all(self) -> str:
        """All requests, for people who wonder."""
        lines = list(self.bill)
        told = [
            f"\n  {line.number}. {line.provider or '-'} {line.operation or line.path} {line.model} -> {line.status}"
            f"{f' ({line.fault})' if line.fault else ''}"
            for line in lines[-20:]
        ]
        return f"; there were{''.join(told)}" if told else "; nothing was asked at all"


def _told(facts: dict[str, object]) -> str:
    return f" with {', '.join(f'{name}={value!r}' for name, value in facts.items())}" if facts else ""
