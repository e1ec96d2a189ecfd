"""Money is an integer of fen (1 yuan = 100 fen); nothing here ever sees a float."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

# Exact for every product of an amount and a quantity that the database can hold.
_EXACT = Context(prec=60)
_FEN_DECIMALS = 2
_YUAN = re.compile(r"(-?)(\d{1,13})(?:\.(\d{1,2}))?")


def parse_yuan(text: str) -> int:
    """Fen from "12", "12.3" or "12.34" yuan. Raises ValueError on anything else, also on a third decimal."""
    match = _YUAN.fullmatch(text.strip())
    if match is None:
        raise ValueError("not an amount in yuan with at most two decimals")
    sign, yuan, fraction = match.groups()
    fen = int(yuan) * 100 + int((fraction or "").ljust(2, "0") or 0)
    return -fen if sign else fen


def format_yuan(fen: int) -> str:
    """-1234 fen as "-12.34"."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan}.{rest:02d}"


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` fen by weights so that the parts sum to it exactly (largest remainder; ties to the earlier part).

    Raises ValueError when there is nothing to split by.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative and must not all be zero")
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def rounded(fen: int | Decimal, decimals: int = _FEN_DECIMALS) -> int:
    """An amount in fen, exact or with fractions of a fen, rounded to 0, 1 or 2 decimals of a yuan, half away from 0.

    1234.5 fen are 1235 at two decimals, 1230 at one, 1200 at none. Raises ValueError for other decimals.
    """
    if not 0 <= decimals <= _FEN_DECIMALS:
        raise ValueError("an amount in yuan is shown with 0, 1 or 2 decimals")
    unit = (100, 10, 1)[decimals]
    units = _EXACT.divide(Decimal(fen), Decimal(unit))
    return int(units.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=_EXACT)) * unit


def times(price: int, quantity: Decimal, decimals: int = _FEN_DECIMALS) -> int:
    """`price` fen times a quantity (numeric(12,3)), in fen, rounded once at the end as `rounded` does."""
    return rounded(_EXACT.multiply(Decimal(price), quantity), decimals)
