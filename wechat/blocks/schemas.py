"""What staff see of the blacklist."""

from datetime import datetime
from uuid import UUID

from infra.schemas import Output


class BlockOut(Output):
    """`wanted`: blacklisted, otherwise being let go; `synced`: the platform knows, with an `error` it refused."""

    id: UUID
    customer_id: UUID
    app_id: str
    wanted: bool
    synced: bool
    error: str | None
    changed_by: str
    changed_at: datetime
