"""What can go wrong between colleagues and WeChat."""

from infra.errors import Conflict, InvalidInput, NotFound, Unauthenticated, Unavailable


class NoAccountForBinding(Conflict):
    code = "binding_account_missing"
    message = "没有可用于绑定的公众号：须为已启用且不在观察模式的公众号"
    english = "There is no official account to bind by: it has to be enabled and not in shadow mode"


class BindingCodeNotIssued(Unavailable):
    code = "binding_code_not_issued"
    message = "微信暂时无法生成二维码，请稍后再试"
    english = "WeChat issues no code at the moment"


class LoginUnavailable(Unavailable):
    code = "wechat_login_unavailable"
    message = "微信登录暂时不可用，请稍后再试或用密码登录"
    english = "Log-in by WeChat is not available at the moment"


class NoWebLogin(Conflict):
    code = "wechat_login_missing"
    message = "该账号不能用于微信登录：须为已启用的公众号，且已设置 GUANXI_PUBLIC_URL"
    english = "One can't log in by this account: it has to be an enabled official account, and GUANXI_PUBLIC_URL be set"


class LoginStateWrong(Unauthenticated):
    code = "wechat_login_stale"
    message = "登录请求已过期，请重新进入页面"
    english = "The log-in was begun too long ago, or not by us"


class LoginCodeRefused(Unauthenticated):
    code = "wechat_code_refused"
    message = "微信授权已失效，请重新进入页面"
    english = "WeChat does not accept the code: it was used or has expired"


class SnapshotUser(Unauthenticated):
    code = "wechat_snapshot_user"
    message = "请点击页面右下角“使用完整服务”后再登录"
    english = "The page is shown as a preview: open it in full"


class NotBound(Unauthenticated):
    code = "wechat_not_bound"
    message = "该微信未绑定员工账号，请用密码登录后绑定"
    english = "This WeChat identity is bound to no colleague"


class NoticeTemplateNotFound(NotFound):
    code = "notice_template_not_found"
    message = "该账号没有设置通知模板"
    english = "The account has no template for notices"


class NoticeTemplateChanged(Conflict):
    """`version` is the present one."""

    code = "notice_template_changed"
    message = "通知模板已被他人修改，请刷新后再试"
    english = "The template was changed by somebody else"


class NotForMiniPrograms(Conflict):
    code = "notice_template_account"
    message = "只有公众号可以设置通知模板"
    english = "Only official accounts send template messages"


class TemplateUnknown(InvalidInput):
    code = "template_unknown"
    message = "该公众号没有这个模板，请核对模板 ID"
    english = "The account has no such template"


class TemplateFieldsWrong(InvalidInput):
    """`missing`: keys of the template without a field; `unknown`: keys it has not; `unfit`: keys that can't show it."""

    code = "template_fields_wrong"
    message = "模板的字段与填写的不一致，或内容放不进该字段"
    english = "The fields are not those of the template, or a key can't show what is meant for it"
