"""What a new official account may do a day and a minute, as the official pages have it."""

import pytest

from simulator.world.limits import Limits

DAY = {
    "token": 2_000,
    "menu_create": 1_000,
    "menu_get": 10_000,
    "menu_delete": 1_000,
    "media_upload": 100_000,
    "media_get": 200_000,
    "message_custom_send": 500_000,
    "message_mass_sendall": 100,
    "message_template_send": 100_000,
    "qrcode_create": 100_000,
    "user_get": 500,
    "user_info": 5_000_000,
    "user_info_updateremark": 10_000,
    "draft_add": 1_000,
    "draft_get": 500,
    "freepublish_submit": 100,
    "stable_token": 500_000,
    "force_refresh": 20,
    "msg_sec_check": 2_000_000,
}
MINUTE = {
    "stable_token_minute": 10_000,
    "getwxacodeunlimit_minute": 5_000,
    "oauth2_access_token_minute": 50_000,
    "jscode2session_minute_per_user": 100,
    "msg_sec_check_minute": 4_000,
}
OTHERS = {"clear_quota_month": 10, "permanent_codes": 100_000, "mini_codes": 100_000, "phone_calls": 1_000}


@pytest.mark.parametrize(("name", "number"), [*DAY.items(), *MINUTE.items(), *OTHERS.items()])
def test_the_numbers_of_a_new_account(name, number):
    assert getattr(Limits(), name) == number
