"""A computer that calls, as the Voice SDK does, without a browser: its signalling, and an offer."""

import asyncio
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiortc import RTCPeerConnection
from django.conf import settings
from django.core.management import call_command
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Message, Request, TextMessage

from billing.models import Hold
from telephony.models import Call
from telephony.pricing import Price
from tests.telephony.callers import DESTINATION, Person
from tests.telephony.sandbox import Sandbox
from tests.telephony.webhooks import PRICE

CLIENT_PRICE = Price(6_000, 1, 1)


@cache
def offer() -> str:
    """Return an offer of sound that is not kept: the far end hears nothing, and says its tone."""

    async def make() -> str:
        peer = RTCPeerConnection()
        peer.addTransceiver("audio")
        await peer.setLocalDescription(await peer.createOffer())
        sdp: str = peer.localDescription.sdp
        await peer.close()
        return sdp

    # In a thread of its own, since a browser of the same process keeps a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, make()).result()


@dataclass
class Computer:
    """One connection to the carrier."""

    link: socket.socket
    protocol: WSConnection = field(default_factory=lambda: WSConnection(ConnectionType.CLIENT))
    news: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""

    def open(self, host: str) -> None:
        self.link.sendall(self.protocol.send(Request(host=host, target="/signal")))
        while self.protocol.state is ConnectionState.CONNECTING:
            self._read()

    def say(self, kind: str, **payload: object) -> None:
        text = json.dumps({"type": kind, "version": "1.6", "payload": payload})
        self.link.sendall(self.protocol.send(Message(text)))

    def wait_for(self, *kinds: str) -> dict[str, Any]:
        """Return the first message of these kinds that has not been waited for yet."""
        while True:
            for message in self.news:
                if message["type"] in kinds:
                    self.news.remove(message)
                    return message
            self._read()

    def _read(self) -> None:
        received = self.link.recv(65_536)
        self.protocol.receive_data(received or None)
        for event in self.protocol.events():
            if isinstance(event, CloseConnection):
                raise ConnectionError("the carrier closed the connection")
            if isinstance(event, TextMessage):
                self.text += event.data
                if event.message_finished:
                    if self.text.strip():
                        self.news.append(json.loads(self.text))
                    self.text = ""

    def vanish(self) -> None:
        self.link.close()


@contextmanager
def computer_of(
    caller: Person, sandbox: Sandbox, call_id: str, **params: str
) -> Iterator[Computer]:
    """Start a call with its own token, as the page of the call does. `params` are forged."""
    token = caller.post("voice/token", call_id=call_id).json()["token"]
    address = urlsplit(sandbox.url)
    assert address.hostname
    with socket.create_connection((address.hostname, address.port or 80), timeout=60) as link:
        computer = Computer(link)
        computer.open(address.netloc)
        computer.say("listen", token=token, browserinfo={})
        computer.wait_for("connected")
        asked = urlencode({"call_id": call_id} | params)
        computer.say("invite", callsid="TJSmine", sdp=offer(), twilio={"params": asked})
        yield computer


def assert_billed_as_twilio_played_it(person: Person, sandbox: Sandbox, call_id: str) -> None:
    """Compare the one call of a person of twenty dollars with the carrier's own record of it."""
    legs = sandbox.get("calls")["calls"]
    own = [leg for leg in legs if leg["from"] == f"client:{call_id}"]
    far = [leg for leg in legs if leg["to"] == DESTINATION and leg["duration"]]
    cost = 0
    if far and int(far[0]["duration"]) >= settings.FALSE_ANSWER_SECONDS:
        cost = CLIENT_PRICE.cost_micros(int(own[0]["duration"]))
        cost += PRICE.leg_b.cost_micros(int(far[0]["duration"]))
    assert Call.objects.get().cost_micros == cost
    assert person.balance.balance_micros == 20_000_000 - cost
    assert person.balance.held_micros == 0
    assert not Hold.objects.filter(state=Hold.State.OPEN).exists()
    call_command("audit_ledger")
