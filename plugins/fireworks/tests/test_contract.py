"""fireworks is held to the contract."""

from jackfield.testing import ProviderContract


class TestFireworks(ProviderContract):
    """Chosen by its profile."""

    provider = "fireworks"
