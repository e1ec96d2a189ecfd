"""Scans of binding codes: the words that whoever scans one reads at once. The binding itself follows in order."""

from core.organisation import bindings
from core.organisation.bindings import Outcome
from infra import crypto
from wechat.colleagues.service import digest_of, is_binding
from wechat.pushes.messages import Scan, Subscribe
from wechat.pushes.responders import Responder, Response, View

# The reply is given before the binding: what it says holds whatever becomes of it.
_WORDS = {
    Outcome.BOUND: "已收到，正在绑定到 {name} 的员工账号，结果请看工作台。",
    Outcome.TAKEN: "此微信已绑定其他员工账号，请先在原账号解绑。",
    Outcome.OVER: "二维码已失效，请在工作台重新获取。",
}


async def _reply(view: View) -> Response | None:
    body = view.push.body
    if not isinstance(body, Subscribe | Scan) or not is_binding(body.scene):
        return None
    seen = await bindings.preview(digest_of(view.app_id, body.scene), crypto.digest(view.app_id, view.push.openid))
    return Response(text=_WORDS[seen.outcome].format(name=seen.person.name if seen.person else ""))


RESPONDERS = (Responder("binding", (Subscribe, Scan), _reply),)
