"""Signalling of the Voice SDK: JSON over a WebSocket, as the SDK's `pstream.js` speaks it.

https://github.com/twilio/twilio-voice.js/blob/2.18.5/lib/twilio/pstream.ts
"""

import asyncio
import importlib
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.datastructures import QueryParams
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.courier import Courier
from sandbox.phones import Phones
from sandbox.settings import Settings
from sandbox.twilio.calls import Calls
from sandbox.twilio.leg import Leg, StatusCallback
from sandbox.twilio.switchboard import Switchboard
from sandbox.voice.application import Application
from sandbox.voice.client_call import ClientCall
from sandbox.voice.tokens import INVALID, Holder, TokenError, read_token

if TYPE_CHECKING:  # aiortc is not installed everywhere
    from sandbox.voice.sound import Sound

log = logging.getLogger(__name__)

VERSION = "1.6"
CONNECTION_ERROR = 31005  # https://www.twilio.com/docs/api/errors/31005
HEARTBEAT_SECONDS = 10.0  # the SDK waits 15
GRACE_SECONDS = 5.0
MOST_GRACE_SECONDS = 30.0
MISSING = "The sandbox has no sound: it needs aiortc, which `make setup` installs"


class Signalling:
    def __init__(
        self,
        settings: Settings,
        board: Switchboard,
        phones: Phones,
        courier: Courier,
        calls: Calls,
        application: Application,
    ) -> None:
        self._settings = settings
        self._board = board
        self._phones = phones
        self._courier = courier
        self._calls = calls
        self._application = application
        self._connections: set[ClientConnection] = set()
        self.by_sid: dict[str, ClientCall] = {}
        self._is_reachable = True

    def routes(self) -> list[WebSocketRoute]:
        return [WebSocketRoute("/signal", self.serve)]

    def reset(self) -> None:
        for call in self.by_sid.values():
            self._courier.start(call.sound.close())
        self.by_sid.clear()
        self.set_reachable(False)
        self.set_reachable(True)

    def set_reachable(self, is_reachable: bool) -> None:
        """Break every connection and refuse others, as a network that is down; or be back."""
        self._is_reachable = is_reachable
        for connection in () if is_reachable else list(self._connections):
            connection.cut()

    async def close(self) -> None:
        await asyncio.gather(*(call.sound.close() for call in self.by_sid.values()))

    async def serve(self, socket: WebSocket) -> None:
        """Carry out a client's messages in their order until its connection ends."""
        if not self._is_reachable:
            await socket.close()
            return
        await socket.accept()
        connection = ClientConnection(socket)
        self._connections.add(connection)
        writer = asyncio.create_task(connection.write())
        try:
            while True:
                await self._carry_out(connection, await socket.receive_text())
        except WebSocketDisconnect:
            log.debug("A client is gone")
        except (LookupError, TypeError, ValueError):
            log.warning("A message that the SDK does not send", exc_info=True)
        finally:
            writer.cancel()
            self._connections.discard(connection)
            for call in self.by_sid.values():
                call.lose(connection)

    async def _carry_out(self, connection: "ClientConnection", text: str) -> None:
        if not text.strip():  # the echo of a heartbeat
            return
        message = json.loads(text)
        kind, payload = message["type"], message.get("payload") or {}
        if kind == "listen":
            self._listen(connection, payload)
        elif connection.holder is None:
            connection.refuse(INVALID, "JWT is invalid", payload)
        elif kind == "register":
            connection.send("ready", {})
        elif kind == "invite" and payload.get("reconnect"):
            self._take_up(connection, payload)
        elif kind == "invite":
            await self._invite(connection, connection.holder, payload)
        elif call := self._find(connection, payload.get("callsid", "")):
            self._steer(call, connection, kind, payload)

    def _listen(self, connection: "ClientConnection", payload: dict[str, Any]) -> None:
        try:
            holder = connection.holder = read_token(payload.get("token", ""), self._settings)
        except TokenError as error:
            connection.refuse(error.code, str(error), payload)
            return
        wished = float(payload.get("reconnectTimeout") or GRACE_SECONDS)
        connection.grace_seconds = min(max(wished, GRACE_SECONDS), MOST_GRACE_SECONDS)
        connection.send(
            "connected",
            {
                "region": "us1",
                "edge": "ashburn",
                "home": "us1",
                "gateway": "sandbox",
                "token": {"identity": holder.identity, "ttl": holder.ttl_seconds},
            },
        )

    async def _invite(
        self, connection: "ClientConnection", holder: Holder, payload: dict[str, Any]
    ) -> None:
        """Make a call of the client and have the TwiML app say where it goes."""
        sound_class = await load_sound()
        if sound_class is None:
            connection.refuse(CONNECTION_ERROR, MISSING, payload, kind="hangup")
            return
        params = dict(parse_qsl(payload["twilio"].get("params", ""), keep_blank_values=True))
        app = self._application.as_json()
        leg = self._board.open_leg(
            to=params.get("To", ""),
            caller=f"client:{holder.identity}",
            callback=StatusCallback(
                url=app["status_callback"], method=app["status_callback_method"]
            ),
            direction="inbound",
        )
        leg.client = self.by_sid[leg.sid] = ClientCall(
            self._board,
            self._phones,
            self._courier,
            leg,
            connection,
            temporary_sid=payload["callsid"],
            offer=payload["sdp"],
            sound_class=sound_class,
        )
        leg.status = "ringing"
        form = QueryParams({"Url": app["voice_url"], "Method": app["voice_method"]})
        self._calls.run(leg, form, extra=voice_fields(leg, params, app["sid"]))

    def _take_up(self, connection: "ClientConnection", payload: dict[str, Any]) -> None:
        call = self.by_sid.get(payload.get("callsid", ""))
        if call is None or call.reconnect_token != payload["reconnect"]:
            message = "No call can be taken up with this token"
            connection.refuse(CONNECTION_ERROR, message, payload, kind="hangup")
        else:
            call.take_up(connection)

    def _find(self, connection: "ClientConnection", sid: str) -> ClientCall | None:
        mine = [call for call in self.by_sid.values() if call.connection is connection]
        return next((call for call in mine if call.is_meant(sid)), None)

    def _steer(
        self, call: ClientCall, connection: "ClientConnection", kind: str, payload: dict[str, Any]
    ) -> None:
        if kind == "dtmf":
            call.press(payload["dtmf"])
        elif kind in ("hangup", "reject"):
            call.hang_up()
        elif kind == "message":
            acknowledged = {"callsid": call.leg.sid, "voiceeventsid": payload["voiceeventsid"]}
            connection.send("ack", {"acktype": "message", **acknowledged})


class ClientConnection:
    """A WebSocket of a client; `holder` is what its token says, once it has shown a right one."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self.holder: Holder | None = None
        self.grace_seconds = GRACE_SECONDS

    def send(self, kind: str, payload: dict[str, Any]) -> None:
        message = {"type": kind, "version": VERSION, "payload": payload}
        self._outbox.put_nowait(json.dumps(message))

    def refuse(
        self, code: int, message: str, payload: dict[str, Any], *, kind: str = "error"
    ) -> None:
        about = {"callsid": payload["callsid"]} if "callsid" in payload else {}
        self.send(kind, {**about, "error": {"code": code, "message": message}})

    async def write(self) -> None:
        """Send what there is, and a newline after each while without anything."""
        with suppress(WebSocketDisconnect, RuntimeError):  # the reader sees the end too
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        text = await self._outbox.get()
                except TimeoutError:
                    text = "\n"
                await self._socket.send_text(text)

    def cut(self) -> None:
        """Break the connection as a network does, without a word."""
        self._socket.scope["state"]["transport"].abort()


def voice_fields(leg: Leg, params: dict[str, str], app_sid: str) -> dict[str, str]:
    """Return what the voice URL is sent beside the leg's own fields, which no client writes."""
    own = leg.fields()
    return {name: value for name, value in params.items() if name not in own} | {
        "ApplicationSid": app_sid
    }


async def load_sound() -> "type[Sound] | None":
    """Return the class for sound, None where aiortc is not installed. It takes a second to load."""
    try:
        module = await asyncio.to_thread(importlib.import_module, "sandbox.voice.sound")
    except ImportError:
        return None
    sound_class: type[Sound] = module.Sound
    return sound_class
