"""The platform's numbers for one account: quotas, lives and sizes (a new official account's by default)."""

from simulator.world.message_limits import Count, MessageLimits, Seconds, Size


class Limits(MessageLimits):
    """Calls a day (a Shanghai day) by endpoint name, then everything that is not a daily count.

    An endpoint's name is its path without the first part: `/cgi-bin/user/get` is `user_get` (see quotas).
    """

    token: Count = 2_000
    stable_token: Count = 500_000
    ticket_getticket: Count = 2_000
    qrcode_create: Count = 100_000
    user_info: Count = 5_000_000
    user_info_batchget: Count = 5_000_000
    user_info_updateremark: Count = 10_000
    user_get: Count = 500
    menu_create: Count = 1_000
    menu_get: Count = 10_000
    menu_delete: Count = 1_000
    menu_addconditional: Count = 2_000
    menu_delconditional: Count = 2_000
    menu_trymatch: Count = 20_000
    jscode2session: Count = 1_000_000
    msg_sec_check: Count = 2_000_000
    force_refresh: Count = 20

    clear_quota_month: Count = 10
    oauth2_access_token_minute: Count = 50_000
    jscode2session_minute_per_user: Count = 100
    getwxacodeunlimit_minute: Count = 5_000
    msg_sec_check_minute: Count = 4_000
    stable_token_minute: Count = 10_000
    force_refresh_gap_seconds: Seconds = 30
    token_seconds: Seconds = 7_200
    token_grace_seconds: Seconds = 300
    ticket_seconds: Seconds = 7_200
    login_code_seconds: Seconds = 300
    oauth_state_length: Count = 128
    oauth_token_seconds: Seconds = 7_200
    refresh_token_seconds: Seconds = 2_592_000
    remark_bytes: Count = 30
    visit_seconds: Seconds = 7_200
    phone_calls: Count = 1_000
    checked_text_length: Count = 2_500
    # Real seconds, like every delay of the simulator's own.
    media_check_seconds: Seconds = 0.5
    mini_codes: Count = 100_000
    mini_unchecked_pages: Count = 60_000
    mini_scene_length: Count = 32
    mini_path_length: Count = 128
    mini_width: Count = 430
    mini_width_least: Count = 280
    mini_width_most: Count = 1_280
    menu_buttons: Count = 3
    menu_sub_buttons: Count = 5
    menu_name_bytes: Count = 16
    menu_sub_name_bytes: Count = 60
    menu_key_bytes: Count = 128
    menu_url_bytes: Count = 1_024
    menu_personal_domains: Count = 3
    tags: Count = 100
    tags_per_user: Count = 20
    tag_name_bytes: Count = 30
    tag_fans_to_delete: Count = 100_000
    tagging_size: Count = 50
    blacklist_size: Count = 20
    permanent_codes: Count = 100_000
    permanent_scene_id: Count = 100_000
    scene_str_length: Count = 64
    code_seconds_most: Size = 2_592_000
    code_seconds_unasked: Size = 30
    user_get_page: Size = 10_000
    user_info_batchget_size: Size = 100
