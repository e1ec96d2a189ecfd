"""A database of the former schema with people in it: everybody keeps the place and gets a department and a role."""

import asyncio
import json
import os
import sys

import asyncpg
import pytest

from tests.architecture.sources import ROOT


@pytest.fixture
async def former(addresses):
    """The address of an empty database."""
    name = f"{addresses.database.rsplit('/', 1)[1]}_former"
    connection = await asyncpg.connect(addresses.database)
    await connection.execute(f"DROP DATABASE IF EXISTS {name}")
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield f"{addresses.database.rsplit('/', 1)[0]}/{name}"
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.mark.prove
async def test_people_of_before_get_a_department_a_post_and_a_role(former):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.app.upgrading"),
        cwd=ROOT,
        env=os.environ | {"GUANXI_DATABASE_URL": former},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    found = json.loads(said)
    assert found["chats"] == [{"held": True, "hand_over": True}]
    people = {person.pop("username"): person for person in found["people"]}
    place = {"department": "总部", "fits": True, "special_rights": "[]"}
    nowhere, here = {"app_id": None, "openid": None}, {"app_id": "wx1", "openid": "o1"}
    guide = place | {"role": "guide", "post": "导购", "is_guide": True}
    assert people == {
        "admin": place | nowhere | {"role": "admin", "post": "管理员", "is_guide": False, "gone": False},
        "manager": place | nowhere | {"role": "manager", "post": "经理", "is_guide": False, "gone": False},
        "guide": guide | here | {"gone": False},
        "gone": guide | nowhere | {"gone": True},
    }
