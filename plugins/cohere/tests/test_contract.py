"""cohere is held to the contract."""

from jackfield.testing import ProviderContract


class TestCohere(ProviderContract):
    """Chosen by its profile."""

    provider = "cohere"
