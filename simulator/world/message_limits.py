"""The platform's numbers for what an account sends: windows, counts, sizes and memories."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
Size = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]


class MessageLimits(BaseModel):
    """Calls a day first, then passive replies, customer service, and the channels that need no conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    message_custom_send: Count = 500_000
    message_template_send: Count = 100_000
    message_subscribe_send: Count = 10_000_000
    message_mass_preview: Count = 100
    mass_sends: Count = 100
    media_upload: Count = 100_000
    media_get: Count = 200_000
    draft_add: Count = 1_000
    draft_get: Count = 500
    draft_update: Count = 1_000
    draft_delete: Count = 1_000
    draft_count: Count = 1_000
    draft_batchget: Count = 1_000
    freepublish_submit: Count = 100
    freepublish_get: Count = 100
    freepublish_delete: Count = 10
    freepublish_batchget: Count = 10

    reply_text_bytes: Size = 2_048
    reply_fresh_seconds: Seconds = 300
    reply_articles: Size = 8

    window_message: Count = 5
    window_message_seconds: Seconds = 172_800
    window_menu: Count = 3
    window_menu_seconds: Seconds = 60
    window_follow: Count = 3
    window_follow_seconds: Seconds = 60
    window_scan: Count = 3
    window_scan_seconds: Seconds = 60
    window_enter: Count = 2
    window_enter_seconds: Seconds = 60
    # A notice of May 2023 withdrew what a payment allows.
    window_pay: Count = 0
    window_pay_seconds: Seconds = 172_800
    custom_text_bytes: Size = 2_048
    custom_articles: Size = 1
    typing_after_message_seconds: Seconds = 30
    typing_shown_seconds: Seconds = 15

    mass_sends_minute: Count = 60
    mass_month_per_user: Count = 4
    mass_month_to_all: Count = 4
    mass_day_of_subscription: Count = 1
    mass_confirm_seconds: Seconds = 1_800
    mass_openids_least: Count = 2
    mass_openids_most: Count = 10_000
    mass_delete_seconds: Seconds = 1_800
    client_id_bytes: Size = 64
    client_id_seconds: Seconds = 86_400
    client_id_retry_seconds: Seconds = 60
    template_memory_seconds: Seconds = 600
    templates: Count = 25
    template_changes_month: Count = 5
    categories: Count = 5
    template_keywords_least: Count = 2
    template_keywords_most: Count = 5

    value_thing: Size = 20
    value_number: Size = 32
    value_letter: Size = 32
    value_symbol: Size = 5
    value_character_string: Size = 32
    value_amount: Size = 10
    value_phone_number: Size = 17
    value_car_number: Size = 8
    value_name: Size = 10
    value_name_letters: Size = 20
    value_phrase: Size = 5

    media_image_bytes: Size = 10 * 2**20
    media_voice_bytes: Size = 2 * 2**20
    media_video_bytes: Size = 10 * 2**20
    media_thumb_bytes: Size = 64 * 2**10
    article_picture_bytes: Size = 2**20
    draft_articles: Size = 8
    draft_title_length: Size = 64
    draft_content_length: Size = 20_000
    draft_page: Size = 20
    subscribe_dialog_templates: Size = 3
    media_seconds: Seconds = 259_200
