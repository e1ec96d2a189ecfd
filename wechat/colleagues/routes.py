"""Colleagues and their WeChat: binding, log-in, the template of their notices."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from core.organisation import bindings, scopes
from core.organisation.account.schemas import LoggedIn
from core.organisation.dependencies import CurrentOpener, CurrentStaff, CurrentStaffAtDoor, RequirePermission
from core.organisation.queries import Colleague
from core.organisation.schemas import StaffOut
from wechat.colleagues import login, service, templates
from wechat.colleagues.schemas import (
    AppId,
    BindingCodeIn,
    BindingCodeOut,
    BindingsOut,
    NoticeTemplateIn,
    NoticeTemplateOut,
    ReturnPath,
    WechatLoginIn,
    WechatLoginUrlOut,
)

router = APIRouter(prefix="/staff/v1", tags=["colleagues on WeChat"])

Reader = Annotated[Colleague, RequirePermission("staff:read")]
Writer = Annotated[Colleague, RequirePermission("staff:write")]


@router.get("/login/wechat")
async def start_login(
    app_id: Annotated[AppId, Query()], return_to: Annotated[ReturnPath, Query()]
) -> WechatLoginUrlOut:
    """Where to send the phone: it comes back to `return_to` with a code. The page keeps `state` and compares it."""
    url, state = await login.start(app_id, return_to)
    return WechatLoginUrlOut(url=url, state=state)


@router.post("/login/wechat")
async def log_in(body: WechatLoginIn, opener: CurrentOpener) -> LoggedIn:
    """A session token for the colleague to whom this WeChat is bound."""
    session, staff = await login.log_in(body.app_id, body.code, body.state, opener, body.second_factor)
    return LoggedIn(token=session.token, expires_at=session.expires_at, staff=StaffOut.model_validate(staff))


@router.post("/me/wechat/code", status_code=201)
async def make_own_code(by: CurrentStaffAtDoor, body: BindingCodeIn | None = None) -> BindingCodeOut:
    """A one-time code to scan with my own phone; the one before is over. The live event `wechat_bound` follows.

    Notices ring only in an account with a notice template; without `app_id` the code is of the first that has one.
    """
    made = await service.make_code(by.id, body.app_id if body else None)
    return BindingCodeOut.model_validate(made)


@router.get("/me/wechat")
async def my_bindings(by: CurrentStaffAtDoor) -> BindingsOut:
    """The WeChat identities that are me."""
    return BindingsOut.model_validate({"items": await bindings.of_staff(by.id)})


@router.delete("/me/wechat/{binding_id}", status_code=204)
async def unbind_own(binding_id: UUID, by: CurrentStaff) -> None:
    """This identity is me no more."""
    await bindings.unbind(by.id, binding_id)


@router.post("/staff/{staff_id}/wechat/code", status_code=201)
async def make_code(staff_id: UUID, by: Writer, body: BindingCodeIn | None = None) -> BindingCodeOut:
    """A one-time code for a colleague's phone; the one before is over. Whoever scans it can log in as the colleague.

    Notices ring only in an account with a notice template; without `app_id` the code is of the first that has one.
    """
    await scopes.expect_no_more(by, await scopes.reached(by, staff_id))
    made = await service.make_code(staff_id, body.app_id if body else None)
    return BindingCodeOut.model_validate(made)


@router.get("/staff/{staff_id}/wechat")
async def bindings_of(staff_id: UUID, by: Reader) -> BindingsOut:
    """The WeChat identities that are this colleague."""
    await scopes.reached(by, staff_id)
    return BindingsOut.model_validate({"items": await bindings.of_staff(staff_id)})


@router.delete("/staff/{staff_id}/wechat/{binding_id}", status_code=204)
async def unbind(staff_id: UUID, binding_id: UUID, by: Writer) -> None:
    """This identity is the colleague no more."""
    await scopes.reached(by, staff_id)
    await bindings.unbind(staff_id, binding_id)


@router.get("/accounts/{account_id}/notice-template")
async def get_template(
    account_id: UUID, _by: Annotated[Colleague, RequirePermission("accounts:read")]
) -> NoticeTemplateOut:
    """The template of this account that carries notices to colleagues' phones."""
    return NoticeTemplateOut.model_validate(await templates.of_account(account_id))


@router.put("/accounts/{account_id}/notice-template")
async def put_template(
    account_id: UUID, body: NoticeTemplateIn, _by: Annotated[Colleague, RequirePermission("accounts:write")]
) -> NoticeTemplateOut:
    """Have this account carry notices; where the platform can be asked, it has to know the template and its keys."""
    saved, checked = await templates.put(account_id, body.template_id, body.fields, body.version)
    return NoticeTemplateOut.model_validate(saved).model_copy(update={"checked": checked})


@router.delete("/accounts/{account_id}/notice-template", status_code=204)
async def delete_template(account_id: UUID, _by: Annotated[Colleague, RequirePermission("accounts:write")]) -> None:
    """This account carries notices no more."""
    await templates.remove(account_id)
