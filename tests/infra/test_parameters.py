"""Parameters: typed, within range, versioned, in force at the next look."""

import asyncio
import re

import pytest

from app.contexts import CONTEXTS
from infra import parameters
from infra.parameters import Parameter, ParameterChanged, ParameterRefused, UnknownParameter, change
from tests import factories as make

COUNT = Parameter(name="test.count", default=5, least=1, most=10, help="数", english="x")
WORD = Parameter(name="test.word", default="字", help="字", english="x")
SWITCH = Parameter(name="test.switch", default=True, help="开关", english="x")


async def test_without_a_change_the_default_is_in_force(db):
    assert (await COUNT.get(), await WORD.get(), await SWITCH.get()) == (5, "字", True)


async def test_a_change_is_in_force_at_once_in_this_process(db):
    assert await change("test.count", 7, expected_version=0, by="manager") == 1
    assert await COUNT.get() == 7
    assert await change("test.count", 8, expected_version=1, by="manager") == 2
    assert await COUNT.get() == 8
    stored = await make.rows("SELECT version, changed_by FROM parameter_version ORDER BY version")
    assert stored == [{"version": 1, "changed_by": "manager"}, {"version": 2, "changed_by": "manager"}]


async def test_another_process_sees_a_change_when_it_looks_again(db):
    await COUNT.get()
    await make.database.execute(
        "INSERT INTO parameter_version (name, version, value, changed_by, changed_at) VALUES ($1, 1, '9', 'x', $2)",
        "test.count",
        make.NOON,
    )
    assert await COUNT.get() == 5
    parameters.forget()
    assert await COUNT.get() == 9


@pytest.mark.parametrize("value", [0, 11, -5, 2**70, "7", 7.0, True, None, [7]])
async def test_a_value_of_another_type_or_range_is_refused(db, value):
    with pytest.raises(ParameterRefused):
        await change("test.count", value, expected_version=0, by="x")
    assert await make.count("parameter_version") == 0


@pytest.mark.parametrize(("name", "value"), [("test.word", 1), ("test.switch", 1), ("test.switch", "true")])
async def test_words_and_switches_are_no_numbers(db, name, value):
    with pytest.raises(ParameterRefused):
        await change(name, value, expected_version=0, by="x")


async def test_the_ends_of_the_range_belong_to_it(db):
    await change("test.count", 1, expected_version=0, by="x")
    await change("test.count", 10, expected_version=1, by="x")
    await change("test.switch", value=False, expected_version=0, by="x")
    assert (await COUNT.get(), await SWITCH.get()) == (10, False)


@pytest.mark.parametrize("version", [-1, 1, 5])
async def test_a_version_that_is_not_the_newest_is_a_conflict(db, version):
    with pytest.raises(ParameterChanged):
        await change("test.count", 6, expected_version=version, by="x")
    assert await COUNT.get() == 5


async def test_of_parallel_changes_exactly_one_wins(db):
    for version in range(3):
        results = await asyncio.gather(
            *(change("test.count", n, expected_version=version, by="x") for n in range(1, 9)), return_exceptions=True
        )
        assert results.count(version + 1) == 1
        assert sum(isinstance(r, ParameterChanged) for r in results) == 7


async def test_an_unknown_name_is_refused(db):
    with pytest.raises(UnknownParameter):
        await change("test.nothing", 1, expected_version=0, by="x")


async def test_the_list_shows_value_version_and_help(db):
    await change("test.word", "词", expected_version=0, by="x")
    listed = {entry.parameter.name: (entry.value, entry.version) for entry in await parameters.in_force()}
    assert (listed["test.word"], listed["test.count"]) == (("词", 1), (5, 0))
    assert list(listed) == sorted(parameters.declared)
    assert all(entry.parameter.help for entry in await parameters.in_force())


def test_two_parameters_of_one_name_and_a_default_out_of_range_are_programming_errors():
    with pytest.raises(ValueError, match=r"test\.count"):
        Parameter(name="test.count", default=1, help="x", english="x")
    with pytest.raises(ParameterRefused):
        Parameter(name="test.broken", default=11, most=10, help="x", english="x")
    parameters.declared.pop("test.broken")


def test_every_parameter_tells_what_it_does_in_both_languages():
    assert CONTEXTS  # whose modules declare them
    helps = [declared.help for declared in parameters.declared.values() if declared.name.partition(".")[0] != "test"]
    assert all(re.search("[\u4e00-\u9fff]", text) for text in helps)
    english = [declared.english for declared in parameters.declared.values()]
    assert not [text for text in english if re.search("[\u4e00-\u9fff]", text) or not text]
