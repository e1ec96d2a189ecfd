"""Bodies of what people do, and of what is known of them in a chat."""

from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, model_validator

from simulator.world.records import Outcome, Push
from simulator.world.schemas import Input


class ActionIn(Input):
    app_id: str
    wait: bool = True


class FollowIn(ActionIn):
    """Where the person found the account; a code is scanned instead."""

    subscribe_scene: Literal[
        "ADD_SCENE_SEARCH",
        "ADD_SCENE_ACCOUNT_MIGRATION",
        "ADD_SCENE_PROFILE_CARD",
        "ADD_SCENE_PROFILE_LINK",
        "ADD_SCENE_PROFILE_ITEM",
        "ADD_SCENE_PAID",
        "ADD_SCENE_WECHAT_ADVERTISEMENT",
        "ADD_SCENE_REPRINT",
        "ADD_SCENE_OTHERS",
    ] = "ADD_SCENE_SEARCH"


class ScanIn(ActionIn):
    """Exactly one of ticket, scene and url names the code."""

    ticket: str | None = None
    scene: str | None = None
    url: str | None = None

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if [self.ticket, self.scene, self.url].count(None) != len(("ticket", "scene", "url")) - 1:
            raise ValueError("give exactly one of ticket, scene and url")
        return self


class ActionOut(BaseModel):
    """`attempts` counts deliveries; `reply` is the clear text that came back, if one was shown."""

    push_id: str
    openid: str
    attempts: int
    outcome: Outcome
    reply: str | None

    @classmethod
    def of(cls, push: Push) -> Self:
        return cls(
            push_id=push.push_id,
            openid=push.openid,
            attempts=len(push.attempts),
            outcome=push.outcome,
            reply=push.reply,
        )


class WindowOut(BaseModel):
    """How many customer-service messages an account may send a person now, and until when the last of them."""

    remaining: int
    until: AwareDatetime | None


class GrantsOut(BaseModel):
    """Subscription notices that a person still takes, by template."""

    grants: dict[str, int]
