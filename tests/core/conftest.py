"""The HTTP door for this folder, made once; every test finds the database empty."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.conftest import Addresses
from tests.doors import open_door


@pytest.fixture(scope="session")
async def _door(addresses: Addresses) -> AsyncIterator[httpx.AsyncClient]:
    async with open_door() as client:
        yield client


@pytest.fixture
def http(db: Addresses, _door: httpx.AsyncClient) -> httpx.AsyncClient:
    _door.headers = httpx.Headers({"host": "door"})
    return _door
