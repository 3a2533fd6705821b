"""together is held to the contract."""

from jackfield.testing import ProviderContract


class TestTogether(ProviderContract):
    """Chosen by its profile."""

    provider = "together"
