"""The faults: what can go wrong between a client and a provider, by name."""

from __future__ import annotations
