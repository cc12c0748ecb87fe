"""The mailbox: whatever is sent to the SMTP port, kept and shown."""

import asyncio
import email
import email.policy
import re
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.pages import render

KEPT = 2000
LINK = re.compile(r"https?://[^\s<>\"')]+")
# A mail's own HTML may be styled and may open its links elsewhere: no scripts, no requests.
MAIL_CSP = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:"
)


@dataclass(kw_only=True)
class Mail:
    recipients: list[str]
    sender: str
    subject: str
    text: str
    html: str
    raw: str
    received_at: datetime
    id: str = field(default_factory=lambda: secrets.token_hex(8))

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "to": self.recipients,
            "from": self.sender,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "links": LINK.findall(self.text),
            "received_at": self.received_at.isoformat(),
        }


class Mailbox:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._mails: deque[Mail] = deque(maxlen=KEPT)

    def reset(self) -> None:
        self._mails.clear()

    def routes(self) -> list[Route]:
        return [
            Route("/mail", self.list_page, methods=["GET"]),
            Route("/mail/{id}", self.show_page, methods=["GET"]),
            Route("/mail/{id}/html", self.show_html, methods=["GET"]),
            Route("/control/mail", self.list_json, methods=["GET"]),
        ]

    async def listen(self, host: str, port: int) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: SMTP(self, hostname="localhost", enable_SMTPUTF8=True, loop=loop),
            host,
            port,
        )

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode()
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)  # noqa: S101 - what the default policy makes
        self._mails.append(
            Mail(
                recipients=list(envelope.rcpt_tos),
                sender=str(message.get("From", envelope.mail_from or "")),
                subject=str(message.get("Subject", "")),
                text=part(message, "plain"),
                html=part(message, "html"),
                raw=raw.decode(errors="replace"),
                received_at=self._clock.instant(),
            )
        )
        return "250 Message accepted for delivery"

    async def list_json(self, request: Request) -> Response:
        to = request.query_params.get("to")
        mails = [mail.as_json() for mail in self._mails if to is None or to in mail.recipients]
        return JSONResponse({"messages": mails})

    async def list_page(self, request: Request) -> Response:
        return render(request, "mails.html", {"mails": reversed(self._mails)})

    async def show_page(self, request: Request) -> Response:
        mail = self._find(request)
        if mail is None:
            return render(request, "gone.html", {"what": "message"}, status=404)
        pieces = re.split(f"({LINK.pattern})", mail.text.strip())
        return render(request, "mail.html", {"mail": mail, "pieces": pieces})

    async def show_html(self, request: Request) -> Response:
        mail = self._find(request)
        if mail is None:
            return render(request, "gone.html", {"what": "message"}, status=404)
        headers = {"Content-Security-Policy": MAIL_CSP}
        return HTMLResponse(f'<base target="_blank">{mail.html}', headers=headers)

    def _find(self, request: Request) -> Mail | None:
        id = request.path_params["id"]
        return next((mail for mail in self._mails if mail.id == id), None)


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return body.get_content() if body else ""
