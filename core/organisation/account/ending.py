"""Shutting what stands open to an account.

A file of its own: a new password, a forced log-out, disabling and leaving all come here.
"""

from uuid import UUID

from core.organisation.models import BindingCode
from core.sessions import service as sessions


async def shut(staff_id: UUID, *, but: UUID | None = None) -> int:
    """End every session (but one); returns how many. Codes that would bind whoever scans them are over too."""
    await BindingCode.filter(staff_id=staff_id, used_at=None).delete()
    return await sessions.end_all("staff", staff_id, but=but)
