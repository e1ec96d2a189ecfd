"""The platform for this folder: the simulator as a process of its own."""

from collections.abc import AsyncIterator

import pytest

from infra.settings import settings
from tests import factories as make
from tests.conftest import Addresses
from tests.simulator.harness import Simulator, running
from wechat.accounts.queries import Credentials
from wechat.platform import client


@pytest.fixture(scope="session")
async def _simulator(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Simulator]:
    folder = tmp_path_factory.mktemp("platform")
    async with running(folder, "--clock-file", str(addresses.clock_file)) as simulator:
        yield simulator


@pytest.fixture
async def platform(
    db: Addresses, _simulator: Simulator, fresh_settings: pytest.MonkeyPatch
) -> AsyncIterator[Simulator]:
    """The platform's stand-in as a real process, knowing no account; the product talks to it."""
    await _simulator.ok("/sim/reset", {})
    fresh_settings.setenv("GUANXI_WECHAT_API_URL", _simulator.base)
    settings.cache_clear()
    yield _simulator
    await client.close()


@pytest.fixture
async def account(platform: Simulator) -> Credentials:
    """An official account that the platform and we know."""
    added = await make.account()
    await platform.account(app_id=added.app_id, original_id=added.original_id, secret=added.secret)
    return added
