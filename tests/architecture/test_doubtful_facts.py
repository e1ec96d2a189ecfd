"""The table of facts to check on a real account names parameters and simulator limits that exist."""

import re

import workers.tasks  # noqa: F401 - with it, every module that declares a parameter
from infra.parameters import declared
from simulator.world.limits import Limits
from simulator.world.records import Account
from tests.architecture.sources import ROOT

_TABLE = re.compile(r"^\|([^|]+)\|([^|]+)\|([^|]+)\|$", re.MULTILINE)


def _places():
    text = (ROOT / "docs" / "wechat.md").read_text().partition("待核实的平台事实")[2]
    return [place for _, place, _ in _TABLE.findall(text)[2:]]


def _known(name, names):
    return name in names or (name.endswith("*") and any(one.startswith(name[:-1]) for one in names))


def test_every_fact_says_where_it_is_set():
    places = _places()
    assert len(places) >= 25
    parameters = [name for place in places for name in re.findall(r"`(wechat\.[a-z_.*]+)`", place)]
    assert [name for name in parameters if not _known(name, declared)] == []
    limits = [name for place in places for name in re.findall(r"`([a-z_*]+)`", place.partition("sim ")[2])]
    assert len(limits) >= 20
    assert [name for name in limits if not _known(name, {**Limits.model_fields, **Account.model_fields})] == []
