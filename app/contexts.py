"""The one list of contexts: what each gives to the HTTP door, the background door and the command line."""

from typing import Any

from core.alerts import routes as alerts
from core.channels import routes as channels
from core.customers import handlers as customer_handlers
from core.customers import routes as customers
from core.guides import routes as guides
from core.organisation import routes as organisation
from core.sessions import jobs as session_jobs
from core.stores import routes as stores
from infra.context import Context
from infra.database import tortoise_config
from infra.events import Registry
from wechat.accounts import routes as accounts
from wechat.blocks import jobs as block_jobs
from wechat.blocks import routes as blocks
from wechat.codes import handlers as code_handlers
from wechat.codes import jobs as code_jobs
from wechat.codes import routes as codes
from wechat.fans import jobs as fan_jobs
from wechat.fans import routes as fans
from wechat.forwards import handlers as forward_handlers
from wechat.forwards import jobs as forward_jobs
from wechat.labels import jobs as label_jobs
from wechat.labels import routes as labels
from wechat.onboarding import jobs as onboarding_jobs
from wechat.onboarding import routes as onboarding
from wechat.pushes import handlers as push_handlers
from wechat.pushes import jobs as push_jobs
from wechat.pushes import routes as pushes
from wechat.welcomes import responders as welcome_responders
from wechat.welcomes import routes as welcomes

CONTEXTS = (
    Context(name="permissions", models="core.permissions.models"),
    Context(name="sessions", models="core.sessions.models", jobs=session_jobs.JOBS),
    Context(
        name="organisation",
        models="core.organisation.models",
        routes=(organisation.router,),
        permissions=("staff:write",),
    ),
    Context(name="alerts", routes=(alerts.router,), permissions=("alerts:read",)),
    Context(name="files", models="core.files.models"),
    Context(
        name="stores",
        models="core.stores.models",
        routes=(stores.router,),
        permissions=("omnichannel:read", "stores:read", "stores:write"),
    ),
    Context(
        name="channels",
        models="core.channels.models",
        routes=(channels.router,),
        permissions=("channels:read", "channels:write"),
    ),
    Context(name="notices", models="core.notices.models"),
    Context(name="todos", models="core.todos.models"),
    Context(name="announcements", models="core.announcements.models"),
    Context(name="tasks", models="core.tasks.models"),
    Context(name="guides", routes=(guides.router,), permissions=("guides:read", "guides:write")),
    Context(
        name="customers",
        models="core.customers.models",
        routes=(customers.router,),
        handlers=customer_handlers.HANDLERS,
        permissions=("fans:read", "ranking:read"),
    ),
    Context(
        name="wechat.accounts",
        models="wechat.accounts.models",
        routes=(accounts.router,),
        permissions=("accounts:read", "accounts:write"),
    ),
    Context(name="wechat.outbound", models="wechat.outbound.models"),
    Context(name="wechat.colleagues", models="wechat.colleagues.models"),
    Context(
        name="wechat.codes",
        models="wechat.codes.models",
        routes=(codes.router,),
        handlers=code_handlers.HANDLERS,
        jobs=code_jobs.JOBS,
        permissions=("codes:read", "codes:write"),
    ),
    Context(name="wechat.fans", routes=(fans.router,), jobs=fan_jobs.JOBS),
    Context(
        name="wechat.labels",
        models="wechat.labels.models",
        routes=(labels.router,),
        jobs=label_jobs.JOBS,
        permissions=("fans:write", "labels:read", "labels:write"),
    ),
    Context(
        name="wechat.blocks",
        models="wechat.blocks.models",
        routes=(blocks.router,),
        jobs=block_jobs.JOBS,
        permissions=("blocks:write",),
    ),
    Context(name="wechat.followers", models="wechat.followers.models"),
    Context(
        name="wechat.onboarding",
        models="wechat.onboarding.models",
        routes=(onboarding.router,),
        jobs=onboarding_jobs.JOBS,
    ),
    Context(
        name="wechat.forwards",
        models="wechat.forwards.models",
        handlers=forward_handlers.HANDLERS,
        jobs=forward_jobs.JOBS,
    ),
    Context(
        name="wechat.welcomes",
        models="wechat.welcomes.models",
        routes=(welcomes.router,),
        responders=welcome_responders.RESPONDERS,
        permissions=("welcomes:read", "welcomes:write"),
        warm=(welcome_responders.warm,),
    ),
    Context(
        name="wechat.pushes",
        routes=(pushes.router,),
        fast_routes=pushes.FAST_ROUTES,
        handlers=push_handlers.HANDLERS,
        jobs=push_jobs.JOBS,
    ),
)

MODELS = ("infra.models", *(context.models for context in CONTEXTS if context.models))


def registry() -> Registry:
    """All handlers and the events they react to."""
    return Registry(handler for context in CONTEXTS for handler in context.handlers)


def tortoise() -> dict[str, Any]:
    """The configuration of the `tortoise` command line."""
    return tortoise_config(MODELS)
