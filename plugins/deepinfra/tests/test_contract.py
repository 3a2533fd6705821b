"""deepinfra is held to the contract."""

from jackfield.testing import ProviderContract


class TestDeepinfra(ProviderContract):
    """Chosen by its profile."""

    provider = "deepinfra"
