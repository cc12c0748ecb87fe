"""A call of a client of the Voice SDK: its leg, the connection that steers it, and its sound."""

import asyncio
import logging
import secrets
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.courier import Courier
from sandbox.phones import Phones
from sandbox.twilio.leg import Leg
from sandbox.twilio.switchboard import Switchboard

if TYPE_CHECKING:  # aiortc is not installed everywhere
    from sandbox.voice.sound import Sound

log = logging.getLogger(__name__)


class Connection(Protocol):
    """The signalling connection of a client."""

    grace_seconds: float

    def send(self, kind: str, payload: dict[str, Any]) -> None: ...


class ClientCall:
    """`temporary_sid` is the client's name for the call, until `ringing` or `answer` says ours.

    The client may come back on another connection with `reconnect_token`.
    """

    def __init__(
        self,
        board: Switchboard,
        phones: Phones,
        courier: Courier,
        leg: Leg,
        connection: Connection,
        *,
        temporary_sid: str,
        offer: str,
        sound_class: "type[Sound]",
    ) -> None:
        self.leg = leg
        self.connection: Connection | None = connection
        self.reconnect_token = secrets.token_urlsafe(16)
        self.sound = sound_class(self._spoken_hz, self.hang_up)
        self._board = board
        self._phones = phones
        self._courier = courier
        self._temporary_sid = temporary_sid
        self._known_sid = temporary_sid
        self._offer = offer
        self._farewell: asyncio.TimerHandle | None = None

    def is_meant(self, sid: str) -> bool:
        return sid in (self.leg.sid, self._temporary_sid)

    # The leg's news, for the client.

    def callee_rings(self) -> None:
        self._introduce("ringing")

    def leg_answered(self) -> None:
        self._courier.start(self._answer())

    def leg_ended(self) -> None:
        self._send("hangup")
        self._courier.start(self.sound.close())

    async def _answer(self) -> None:
        try:
            sdp = await self.sound.connect(self._offer)
        except Exception:  # an offer may be wrong in any way, and the leg must not live on
            log.exception("No answer to the offer of %s", self.leg.sid)
            self.hang_up()
        else:
            self._introduce("answer", sdp=sdp, reconnect=self.reconnect_token)

    # The client's wishes, for the leg.

    def press(self, digits: str) -> None:
        """Let the other side hear keypad tones, and a verb that listens for them."""
        self.leg.catch_up()
        for child in self._connected():
            child.digits_heard += digits
        for digit in digits:
            self._board.press(self.leg, digit)
        if "*" in digits and self.leg.on_star is not None:
            self.leg.on_star()

    def hang_up(self) -> None:
        if not self.leg.is_over:
            self.leg.catch_up()
            self._board.hang_up(self.leg)

    # Connections come and go.

    def lose(self, connection: Connection) -> None:
        """End the call soon, unless its client comes back; before the answer it cannot."""
        if self.connection is not connection:
            return
        self.connection = None
        if self.leg.status == "in-progress":
            loop = asyncio.get_running_loop()
            self._farewell = loop.call_later(connection.grace_seconds, self.hang_up)
        else:
            self.hang_up()

    def take_up(self, connection: Connection) -> None:
        """Go on with a client that has come back. Its sound has never stopped."""
        if self._farewell is not None:
            self._farewell.cancel()
        self.connection = connection
        if self.leg.is_over:
            self._send("hangup")
        else:
            self._introduce("answer", reconnect=self.reconnect_token)

    def _introduce(self, kind: str, **payload: str) -> None:
        self._known_sid = self.leg.sid
        self._send(kind, **payload)

    def _send(self, kind: str, **payload: str) -> None:
        if self.connection is not None:
            self.connection.send(kind, {"callsid": self._known_sid, **payload})

    def _connected(self) -> list[Leg]:
        return [child for child in self.leg.children if child.status == "in-progress"]

    def _spoken_hz(self) -> int | None:
        """Return the tone of the number that the client is connected to."""
        for child in self._connected():
            return self._phones.behaviour(child.to, "destination").speaks_hz
        return None
