"""Budgets: an upper bound is reserved before a call, and settled to what it cost."""

from __future__ import annotations

from jackfield.policy.budgets.board import Alert, Budgets, Reserved
from jackfield.policy.budgets.budget import Budget
from jackfield.policy.budgets.periods import Period, period_at

__all__ = ["Alert", "Budget", "Budgets", "Period", "Reserved", "period_at"]
