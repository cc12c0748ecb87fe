"""What -v shows of each exchange: -v the line, -vvv the bodies too, secrets never."""

from moby.net.message import Request, Response
from moby.net.redaction import redact_body, redact_url
from moby.show.console import Console
from moby.text import clean


def trace(console: Console, request: Request, response: Response | None, seconds: float) -> None:
    result = "no answer"
    if response is not None:
        result = f"{response.status} {response.headers.get('x-request-id', '')}".strip()
    line = f"{request.method} {redact_url(request.url)} -> {result} ({seconds * 1000:.0f} ms)"
    console.say(clean(line))
    if console.verbosity < 3:
        return
    if request.body:
        console.say(f"  > {clean(redact_body(request.body, request.headers['Content-Type']))}")
    if response is not None and response.body:
        kind = response.headers.get("content-type", "")
        console.say(f"  < {clean(redact_body(response.body, kind))}")
