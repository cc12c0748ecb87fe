"""The configuration of gunicorn: `gunicorn --config deploy/gunicorn.conf.py`.

Values that differ between machines come from the environment; see docs/operations.md.
"""

import os

from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]  # it brings no types
from gunicorn.workers.base import Worker  # type: ignore[import-untyped]  # it brings no types
from prometheus_client import multiprocess

from mobayilo.lib.environment import Environment

env = Environment()
env.section("The web server (deploy/gunicorn.conf.py)")
wsgi_app = "mobayilo.wsgi"
bind = env.text(
    "WEB_BIND",
    "where gunicorn listens: nginx must reach it, and no other host",
    default="127.0.0.1:8000",
)
workers = env.integer("WEB_WORKERS", "web processes on this machine", default=2)
worker_class = "mobayilo.web_worker.Worker"
threads = env.integer("WEB_THREADS", "threads in each web process", default=2)

# Longer than nginx keeps an idle connection (60 s): if gunicorn closed first, nginx could send a
# request over a connection that is gone.
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
    """Remove the gauges of a worker that ended from the shared metrics."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # its annotations are partial
