"""What administrators see of alerts."""

from datetime import datetime

from infra.schemas import Output


class AlertOut(Output):
    """`kind` is a stable code, `subject` names what it is about; `count` is how often it was raised."""

    kind: str
    subject: str
    message: str
    count: int
    first_at: datetime
    last_at: datetime


class AlertsOut(Output):
    items: list[AlertOut]
