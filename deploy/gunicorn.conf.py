"""How gunicorn serves Mobayilo. `gunicorn --config deploy/gunicorn.conf.py`.

What differs between machines comes from the environment; see docs/operations.md.
"""

import os

from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]  # it brings no types
from gunicorn.workers.base import Worker  # type: ignore[import-untyped]  # as above
from prometheus_client import multiprocess

wsgi_app = "mobayilo.wsgi"
bind = os.environ.get("WEB_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_WORKERS", "2"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "2"))

# Longer than nginx keeps an idle connection (60 s): whoever closes first must be the one who asks,
# or a request meets a closed door.
keepalive = 75
# A provider may take 10 s to answer, and a request asks at most two things of one, in a row.
timeout = 40
graceful_timeout = 30
# A worker is replaced now and then, at different times, so that nothing can pile up for ever.
max_requests = 100_000
max_requests_jitter = 10_000
# The product writes its own access log; what gunicorn has to say takes the same shape.
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "mobayilo.logs.Formatter"}},
    "filters": {"context": {"()": "mobayilo.logs.ContextFilter"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["context"]}
    },
    "root": {"level": "INFO", "handlers": ["stderr"]},
    "loggers": {"gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True}},
}
control_socket_disable = True


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Takes the gauges of a worker that ended out of the shared metrics."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # its annotations are partial
