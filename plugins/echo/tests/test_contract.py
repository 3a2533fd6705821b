"""echo is held to the contract."""

from jackfield.testing import ProviderContract


class TestEcho(ProviderContract):
    """Chosen by its profile."""

    provider = "echo"
