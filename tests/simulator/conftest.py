"""One simulator process and one push target for the folder; every test starts from nothing."""

from collections.abc import AsyncIterator

import pytest

from tests.simulator.harness import RETRIES, Receiver, Simulator, receiving, running, stay_silent
from tests.simulator.outbound import Account

SOON = ("--later-seconds", "0.02", "--lead-seconds", "60")


@pytest.fixture(scope="session")
async def process(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Simulator]:
    folder = tmp_path_factory.mktemp("simulator")
    async with running(
        folder, "--retry-seconds", ",".join(map(str, RETRIES)), "--timeout-seconds", "10", *SOON
    ) as simulator:
        yield simulator


@pytest.fixture(scope="session")
async def target() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
def receiver(target: Receiver) -> Receiver:
    target.received.clear()
    target.answer = stay_silent
    return target


@pytest.fixture
async def simulator(process: Simulator, receiver: Receiver) -> Simulator:
    """A simulator that knows nothing but one safe-mode account, pushed to our receiver."""
    process.clock_file.unlink(missing_ok=True)
    assert (await process.post("/sim/reset"))[0] == 204
    await process.account(receiver.url)
    return process


@pytest.fixture
def account(simulator: Simulator, receiver: Receiver) -> Account:
    """The account's own calls to the platform."""
    return Account(simulator, receiver)
