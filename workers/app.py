"""The Celery application: executes what PostgreSQL queues. Losing every message it holds loses nothing."""

import sys
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init, worker_process_shutdown
from kombu import Exchange, Queue

from app.contexts import MODELS
from infra import database, logging, redis
from infra.files import stores
from infra.settings import settings
from wechat.platform import client
from workers import loop

QUEUES = ("critical", "default", "bulk", "media")

app = Celery("guanxi", broker=settings().broker, include=["workers.tasks"])
app.conf.update(
    # The anonymous exchange routes by queue name: no binding is kept in Redis, so a flushed Redis loses no route.
    task_queues=[Queue(name, Exchange(""), routing_key=name) for name in QUEUES],
    task_default_queue="default",
    task_default_exchange="",
    task_default_routing_key="default",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_time_limit=150,
    task_soft_time_limit=120,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 5, "socket_keepalive": True},
    beat_scheduler="celery.beat:Scheduler",
    beat_max_loop_interval=1,
    # The one tick; what is due is decided by rows, on our clock.
    beat_schedule={
        "tick": {"task": "workers.tick", "schedule": 1.0, "options": {"queue": "critical", "expires": 30}},
    },
)

# In every thread: what sends from another one than this would otherwise get an application without our broker.
app.set_default()


@setup_logging.connect
def _set_up_logging(**_: Any) -> None:
    process = "beat" if "beat" in sys.argv else "worker"
    logging.configure(process=process, level=settings().log_level, json=settings().log_json)


@worker_process_init.connect
def _start_child(**_: Any) -> None:
    # Only here, never in the parent: a forked connection would be shared by all children.
    loop.start()
    loop.run(database.connect(MODELS))


@worker_process_shutdown.connect
def _stop_child(**_: Any) -> None:
    loop.run(client.close())
    loop.run(stores.close())
    loop.run(redis.disconnect())
    loop.run(database.disconnect())
