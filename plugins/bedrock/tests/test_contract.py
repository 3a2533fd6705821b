"""bedrock is held to the contract."""

from jackfield.testing import ProviderContract


class TestBedrock(ProviderContract):
    """Chosen by its profile."""

    provider = "bedrock"
