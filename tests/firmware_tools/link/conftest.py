import pytest

from tests.fakes.firmware import built, simulated_firmware


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    return tmp_path_factory.mktemp("firmware")


@pytest.fixture(scope="session")
def model(programs):
    return built("model", programs)


@pytest.fixture
def firmware(model):
    with simulated_firmware(model) as running:
        yield running
