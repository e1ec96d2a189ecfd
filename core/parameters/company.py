"""What holds for the whole company (K-06), and how amounts of a kind of document are rounded (AT-29)."""

from decimal import Decimal
from enum import StrEnum

from infra import money
from infra.parameters import Parameter


class DocumentKind(StrEnum):
    """Documents with amounts, each rounded in its own way."""

    CONTRACT = "contract"
    ORDER = "order"
    QUOTE = "quote"
    PRODUCT = "product"


ADMIN_EMAIL = Parameter(
    name="company.admin_email",
    default="",
    pattern=r"|[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+",
    help="系统管理员邮箱",
    english="Email address of the system administrator",
)
RECEIVABLE_DAYS = Parameter(
    name="reminders.receivable_days",
    default=3,
    least=0,
    most=365,
    unit="天",
    help="应收款到期前多少天提醒",
    english="How many days before a receivable falls due to remind",
)
BIRTHDAY_DAYS = Parameter(
    name="reminders.birthday_days",
    default=3,
    least=0,
    most=60,
    unit="天",
    help="客户生日前多少天提醒",
    english="How many days before a customer's birthday to remind",
)
_DECIMALS = {
    kind: Parameter(
        name=f"decimals.{kind}",
        default=2,
        choices=(0, 1, 2),
        unit="位",
        help=f"{title}金额的小数位数",
        english=f"Decimal places of amounts of a kind of document: {kind}",
    )
    for kind, title in zip(DocumentKind, ("合同", "订单", "报价", "产品"), strict=True)
}


async def rounded(kind: DocumentKind, fen: int | Decimal) -> int:
    """An amount of a document in fen, rounded half up to the decimals set for its kind."""
    return money.rounded(fen, await _DECIMALS[kind].get())


async def times(kind: DocumentKind, price: int, quantity: Decimal) -> int:
    """The amount of a line: `price` fen times a quantity, rounded once to the decimals set for the document's kind."""
    return money.times(price, quantity, await _DECIMALS[kind].get())
