"""openrouter is held to the contract."""

from jackfield.testing import ProviderContract


class TestOpenrouter(ProviderContract):
    """Chosen by its profile."""

    provider = "openrouter"
