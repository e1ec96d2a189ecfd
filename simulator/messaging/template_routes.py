"""The platform's endpoints for templates, and the control side's way to make one of any form."""

from dataclasses import asdict
from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import Field, model_validator

from simulator.messaging import blocked, library, templates
from simulator.messaging.library import CATEGORIES
from simulator.messaging.templates import Template, TemplateKind
from simulator.platform.doors import Body, Caller, OfficialCaller, answer, done
from simulator.world.schemas import Input, Text
from simulator.world.state import StateDep

router = APIRouter(tags=["platform"])
control = APIRouter(prefix="/sim", tags=["control"])

STATUSES = ("success", "failed:user block", "failed: system failed", "failed:freq limit")
Key = Annotated[str, Field(pattern=r"^[a-z_]+\d*$", max_length=64)]


class TemplateIn(Input):
    """`keys` may be a list, or names by key; `status` is what every send of it reports later.

    The status of a subscription notice is a text of its own, with an `error_code` other than 0 when it failed.
    """

    app_id: str
    template_id: Text
    kind: TemplateKind
    keys: Annotated[list[Key] | dict[Key, Text], Field(min_length=1)]
    title: Text = "通知"
    marketing: bool = False
    status: Text = "success"
    error_code: Annotated[str, Field(pattern=r"^\d{1,6}$")] = "0"

    @model_validator(mode="after")
    def _reported(self) -> Self:
        if self.kind == "template" and (self.status not in STATUSES or self.error_code != "0"):
            raise ValueError("a template message reports one of the platform's four words, and no code")
        if (self.status == "success") != (self.error_code == "0") and self.kind == "subscribe":
            raise ValueError("only a success has the error_code 0")
        return self

    def record(self) -> Template:
        """Return the template as it is kept."""
        keys = self.keys if isinstance(self.keys, dict) else {key: key for key in self.keys}
        return Template(**self.model_dump(exclude={"keys"}), keys=keys)


@router.get("/cgi-bin/template/get_all_private_template")
async def list_templates(state: StateDep, account: OfficialCaller) -> Response:
    """List the account's message templates."""
    mine = templates.of_account(state, account.app_id, "template")
    industries = library.industries(state, account)
    return answer({"template_list": [templates.listed(each, industries) for each in mine]})


@router.post("/cgi-bin/template/api_set_industry")
async def set_industries(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Choose two lines of business."""
    library.set_industries(state, account, body)
    return done()


@router.get("/cgi-bin/template/get_industry")
async def get_industries(state: StateDep, account: OfficialCaller) -> Response:
    """Return the two lines of business."""
    primary, secondary = library.industries(state, account)
    return answer({"primary_industry": asdict(primary), "secondary_industry": asdict(secondary)})


@router.post("/wxa/sec/queryblocktmplmsg")
async def list_blocked(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """List the template messages that were found to be marketing."""
    return answer(blocked.page(state, account, body))


@router.post("/cgi-bin/template/api_add_template")
async def add_template(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Pick a public message template."""
    title_id, keywords = body.get("template_id_short"), body.get("keyword_name_list")
    template = templates.add(state, account, "template", title_id, keywords)
    return answer({"errcode": 0, "errmsg": "ok", "template_id": template.template_id})


@router.post("/cgi-bin/template/del_private_template")
async def delete_template(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Delete a message template."""
    templates.delete(state, account, body.get("template_id"), "template")
    return done()


@router.get("/wxaapi/newtmpl/gettemplate")
async def list_subscription_templates(state: StateDep, account: Caller) -> Response:
    """List the account's subscription templates."""
    mine = templates.of_account(state, account.app_id, "subscribe")
    return answer({"errcode": 0, "errmsg": "ok", "data": [templates.listed_subscription(each) for each in mine]})


@router.post("/wxaapi/newtmpl/addtemplate")
async def add_subscription_template(state: StateDep, account: Caller, body: Body) -> Response:
    """Pick a public subscription template."""
    template = templates.add(state, account, "subscribe", body.get("tid"), body.get("kidList"))
    return answer({"errcode": 0, "errmsg": "ok", "priTmplId": template.template_id})


@router.post("/wxaapi/newtmpl/deltemplate")
async def delete_subscription_template(state: StateDep, account: Caller, body: Body) -> Response:
    """Delete a subscription template."""
    templates.delete(state, account, body.get("priTmplId"), "subscribe")
    return done()


@router.get("/wxaapi/newtmpl/getpubtemplatetitles")
async def list_titles(_account: Caller, ids: str = "", start: str = "0", limit: str = "30") -> Response:
    """List the public templates of some categories."""
    return answer(library.titles(ids, start, limit))


@router.get("/wxaapi/newtmpl/getpubtemplatekeywords")
async def list_keywords(_account: Caller, tid: str = "") -> Response:
    """List the key words of a public template."""
    return answer(library.keywords(tid))


@router.get("/wxaapi/newtmpl/getcategory")
async def list_categories(_account: Caller) -> Response:
    """List what the account deals in."""
    return answer({"errcode": 0, "errmsg": "ok", "data": CATEGORIES})


@control.put("/templates")
async def put_template(state: StateDep, body: TemplateIn) -> Template:
    """Make or replace a template of any form."""
    state.account(body.app_id)
    template = body.record()
    state.save(template)
    return template


@control.get("/templates")
async def show_templates(state: StateDep, app_id: str) -> list[Template]:
    """List an account's templates of both kinds."""
    return templates.of_account(state, state.account(app_id).app_id)
