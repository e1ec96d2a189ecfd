"""Each number of the simulator is an official one, or stands in the table of facts to check on a real account."""

import re
from fnmatch import fnmatchcase

import pytest

import workers.tasks  # noqa: F401 - with it, every module that declares a parameter
from infra.parameters import declared
from simulator.world.limits import Limits
from simulator.world.records import Account
from tests.architecture.sources import ROOT

_TABLE = re.compile(r"^\|([^|]+)\|([^|]+)\|([^|]+)\|$", re.MULTILINE)
# What official pages say (O on the facts page) of a new account, written here once more on purpose.
OFFICIAL = {
    "token": 2_000,
    "stable_token": 500_000,
    "stable_token_minute": 10_000,
    "force_refresh": 20,
    "force_refresh_gap_seconds": 30,
    "token_seconds": 7_200,
    "ticket_seconds": 7_200,
    "menu_create": 1_000,
    "menu_get": 10_000,
    "menu_delete": 1_000,
    "menu_buttons": 3,
    "menu_sub_buttons": 5,
    "media_upload": 100_000,
    "media_get": 200_000,
    "draft_add": 1_000,
    "draft_get": 500,
    "draft_update": 1_000,
    "draft_delete": 1_000,
    "draft_count": 1_000,
    "draft_batchget": 1_000,
    "freepublish_submit": 100,
    "freepublish_get": 100,
    "freepublish_delete": 10,
    "freepublish_batchget": 10,
    "qrcode_create": 100_000,
    "code_seconds_most": 2_592_000,
    "user_get": 500,
    "user_info": 5_000_000,
    "user_info_updateremark": 10_000,
    "message_custom_send": 500_000,
    "message_template_send": 100_000,
    "message_subscribe_send": 10_000_000,
    "mass_sends": 100,
    "mass_sends_minute": 60,
    "mass_month_per_user": 4,
    "mass_month_to_all": 4,
    "mass_day_of_subscription": 1,
    "mass_confirm_seconds": 1_800,
    "templates": 25,
    "template_changes_month": 5,
    "categories": 5,
    "getwxacodeunlimit_minute": 5_000,
    "mini_unchecked_pages": 60_000,
    "mini_width": 430,
    "mini_width_least": 280,
    "mini_width_most": 1_280,
    "oauth2_access_token_minute": 50_000,
    "oauth_token_seconds": 7_200,
    "refresh_token_seconds": 2_592_000,
    "jscode2session_minute_per_user": 100,
    "phone_calls": 1_000,
    "msg_sec_check": 2_000_000,
    "msg_sec_check_minute": 4_000,
    "checked_text_length": 2_500,
}


def _places():
    text = (ROOT / "docs" / "wechat.md").read_text().partition("待核实的平台事实")[2]
    return [place for _, place, _ in _TABLE.findall(text)[2:]]


def _in_the_table():
    return {name for place in _places() for name in re.findall(r"`([a-z0-9_*]+)`", place.partition("sim ")[2])}


def _known(pattern, names):
    return any(fnmatchcase(name, pattern) for name in names)


def test_every_fact_says_where_it_is_set():
    places = _places()
    assert len(places) >= 40
    parameters = [name for place in places for name in re.findall(r"`(wechat\.[a-z_.*]+)`", place)]
    assert [name for name in parameters if not _known(name, declared)] == []
    limits = _in_the_table()
    assert [name for name in limits if not _known(name, {**Limits.model_fields, **Account.model_fields})] == []


def test_every_number_is_official_or_to_be_checked():
    doubtful = _in_the_table()
    without = [
        name
        for name in Limits.model_fields
        if name not in OFFICIAL and not any(fnmatchcase(name, pattern) for pattern in doubtful)
    ]
    assert without == []


@pytest.mark.parametrize("name", OFFICIAL)
def test_the_official_numbers(name):
    assert getattr(Limits(), name) == OFFICIAL[name]
