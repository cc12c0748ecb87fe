"""A site before it opens."""

from tests.opening import live_sandbox as live_sandbox
from tests.opening import opening as opening
