"""The background door: Celery executes what PostgreSQL queues (relay, drain, beat)."""
