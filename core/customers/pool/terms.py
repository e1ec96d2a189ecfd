"""The conditions under which customers go back to the pool, as in force now (AT-04), and whom they concern.

A file of its own: the sweep and the warning before it read the same ones. Days are business days: a customer whose last
record of sales is of day 0 is warned about on day 89 and returned on day 90.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from infra import clock
from infra.parameters import Parameter

_PARTY = "(?:prospect|customer|partner|agent|supplier)"

DAYS = Parameter(
    name="pool.recycle_days",
    default=90,
    least=0,
    most=3650,
    unit="天",
    help="客户连续多少天没有新的销售记录即自动收回公海，0 为不收回",
    english="A customer without a sales record for so many days returns to the pool, 0: never",
)
WARN_DAYS = Parameter(
    name="pool.warn_days_before",
    default=1,
    least=0,
    most=90,
    unit="天",
    help="自动收回前多少天提醒归属人，0 为不提醒",
    english="Owners are warned so many days before, 0: not at all",
)
CONTRACT_DAYS = Parameter(
    name="pool.recycle_without_contract_days",
    default=0,
    least=0,
    most=3650,
    unit="天",
    help="归属同一人多少天仍未签合同即自动收回公海，0 为不收回",
    english="A customer so many days with one owner without a contract returns to the pool, 0: never",
)
GUIDES_TOO = Parameter(
    name="pool.recycle_guides",
    default=False,
    help="门店导购名下的客户是否也自动收回（默认只收回外勤等人员的客户）",
    english="Whether customers of store guides return too (else only those of field reps and the like)",
)
EXEMPT_PARTIES = Parameter(
    name="pool.exempt_parties",
    default="partner,agent,supplier",
    pattern=f"(?:{_PARTY}(?:,{_PARTY})*)?",
    help="不自动收回的客户类型，逗号分隔：prospect 潜在，customer 客户，partner 伙伴，agent 代理，supplier 供应商",
    english=(
        "Kinds of customers never returned by themselves, separated by commas: prospect, customer, "
        "partner, agent, supplier"
    ),
)

# $1 an owner, $2 a moment, $3 exempt parties.
_CONCERNED = """
c.guide_id = $1 AND c.merged_into_id IS NULL AND NOT c.is_staff AND NOT EXISTS (
    SELECT FROM customer_profile p WHERE p.customer_id = c.id AND p.party = ANY($3::text[]))
"""
IDLE = f"c.active_at < $2 AND {_CONCERNED}"
WITHOUT_CONTRACT = f"""
{_CONCERNED} AND (
    SELECT s.since < $2 AND NOT EXISTS (
        SELECT FROM sales_record r WHERE r.customer_id = c.id AND r.kind = 'contract' AND r.occurred_at >= s.since)
    FROM (SELECT COALESCE((
        SELECT o.changed_at FROM customer_owner_change o WHERE o.customer_id = c.id ORDER BY o.id DESC LIMIT 1
    ), c.created_at) AS since) s
)
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """Whoever was active (or got the customer) before these moments is concerned; None: not at all."""

    idle_before: datetime | None
    warn_before: datetime | None
    contract_before: datetime | None
    guides_too: bool
    exempt: list[str]
    days: int
    contract_days: int

    @classmethod
    async def in_force(cls) -> Self:
        days, warn, contract = await DAYS.get(), await WARN_DAYS.get(), await CONTRACT_DAYS.get()
        parties = await EXEMPT_PARTIES.get()
        return cls(
            idle_before=_before(days) if days else None,
            warn_before=_before(max(days - warn, 1)) if days and warn else None,
            contract_before=_before(contract) if contract else None,
            guides_too=await GUIDES_TOO.get(),
            exempt=parties.split(",") if parties else [],
            days=days,
            contract_days=contract,
        )


def _before(days: int) -> datetime:
    """What happened before this moment happened so many business days ago, or more."""
    return clock.start_of_day(clock.business_day() - timedelta(days=days - 1))
