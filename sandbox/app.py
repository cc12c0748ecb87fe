"""The sandbox put together: its state, its routes and its errors."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp

from sandbox.clock import Clock
from sandbox.control import Control
from sandbox.courier import Courier
from sandbox.faults import Faults, provider_of
from sandbox.mailbox import Mailbox
from sandbox.phone_pages import PhonePages
from sandbox.phones import Phones
from sandbox.settings import Settings
from sandbox.stripe.account import StripeAccount
from sandbox.stripe.answers import BearerAuth, Rights, StripeError
from sandbox.stripe.control import StripeControl
from sandbox.stripe.disputes import Disputes
from sandbox.stripe.events import Events
from sandbox.stripe.hosted_page import HostedPage
from sandbox.stripe.idempotency import Idempotency, Kept
from sandbox.stripe.payments import Payments
from sandbox.stripe.refunds import Refunds
from sandbox.stripe.sessions import Sessions
from sandbox.twilio.account import Account
from sandbox.twilio.answers import BasicAuth, TwilioError, not_found
from sandbox.twilio.caller_ids import CallerIds
from sandbox.twilio.calls import Calls
from sandbox.twilio.notifications import Notifications
from sandbox.twilio.owned_numbers import OwnedNumbers
from sandbox.twilio.permissions import DialingPermissions
from sandbox.twilio.prices import PriceList
from sandbox.twilio.pricing import Pricing
from sandbox.twilio.reach import Reach
from sandbox.twilio.shown import ShownNumbers
from sandbox.twilio.switchboard import Switchboard
from sandbox.twilio.verify import Verify
from sandbox.voice.application import Application
from sandbox.voice.control import VoiceControl
from sandbox.voice.signalling import Signalling


class Sandbox:
    """Everything that lives in the process. `app` is the ASGI application."""

    def __init__(self, settings: Settings) -> None:
        self.clock = Clock()
        self.phones = Phones()
        self.courier = Courier(self.clock, settings.web_url)
        self.faults = Faults()
        self.mailbox = Mailbox(self.clock)
        self._build_twilio(settings)
        self._build_stripe(settings)
        starlette = Starlette(
            routes=[
                *self._twilio_routes(settings),
                self._stripe_routes(settings),
                *self._control_routes(),
                *HostedPage(self.sessions).routes(),
                *self.mailbox.routes(),
                *PhonePages(self.phones, self.board).routes(),
                *self.signalling.routes(),
            ],
            exception_handlers={
                TwilioError: twilio_error,
                StripeError: stripe_error,
                HTTPException: http_error,
            },
        )
        self.app: ASGIApp = self.faults.around(starlette)

    def _build_twilio(self, settings: Settings) -> None:
        prices = self.prices = PriceList()
        self.board = Switchboard(settings, self.clock, self.phones, self.courier, prices)
        self.permissions = DialingPermissions(prices)
        self.caller_ids = CallerIds(settings, self.clock, self.phones, self.board, self.permissions)
        self.account = Account(settings, self.clock)
        self.reach = Reach(self.account, self.permissions, self.caller_ids)
        self.owned_numbers = OwnedNumbers(self.caller_ids, self.clock)
        self.shown = ShownNumbers(self.caller_ids)
        self.calls = Calls(self.board, self.phones, self.caller_ids, self.reach, self.shown)
        self.notifications = Notifications(self.board)
        self.verify = Verify(settings, self.clock, self.phones, self.reach)
        self.pricing = Pricing(prices)
        self.application = Application(settings, self.clock)
        self.signalling = Signalling(
            settings, self.board, self.phones, self.courier, self.calls, self.application
        )

    def _twilio_routes(self, settings: Settings) -> list[BaseRoute]:
        guard = [Middleware(BasicAuth, settings=settings)]
        hosts = {
            "api": [
                *self.calls.routes(),
                *self.notifications.routes(),
                *self.caller_ids.routes(),
                *self.owned_numbers.routes(),
                *self.account.routes(),
                *self.application.routes(),
            ],
            "trusthub": self.account.trust_routes(),
            "verify": self.verify.routes(),
            "pricing": self.pricing.routes(),
            "voice": self.permissions.routes(),
        }
        return [
            Mount(f"/{name}.twilio.com", routes=routes, middleware=guard)
            for name, routes in hosts.items()
        ]

    def _build_stripe(self, settings: Settings) -> None:
        self.rights = Rights()
        self.idempotency: dict[str, Kept] = {}
        self.stripe_account = StripeAccount(settings)
        self.events = Events(settings, self.clock, self.courier)
        self.payments = Payments(self.clock, self.events)
        self.refunds = Refunds(self.clock, self.events, self.payments)
        self.disputes = Disputes(self.clock, self.events, self.payments)
        self.sessions = Sessions(self.clock, self.events, self.payments)

    def _stripe_routes(self, settings: Settings) -> BaseRoute:
        return Mount(
            "/v1",
            routes=[
                *self.stripe_account.routes(),
                *self.sessions.routes(),
                *self.payments.routes(),
                *self.refunds.routes(),
                *self.disputes.routes(),
            ],
            middleware=[
                Middleware(BearerAuth, settings=settings, rights=self.rights),
                Middleware(Idempotency, clock=self.clock, kept=self.idempotency),
            ],
        )

    def _control_routes(self) -> list[BaseRoute]:
        """Return the routes by which tests arrange what happens."""
        control = Control(
            clock=self.clock,
            phones=self.phones,
            board=self.board,
            caller_ids=self.caller_ids,
            permissions=self.permissions,
            reach=self.reach,
            prices=self.prices,
            calls=self.calls,
            shown=self.shown,
            courier=self.courier,
            faults=self.faults,
            account=self.account,
            owned_numbers=self.owned_numbers,
            application=self.application,
            reset=self.reset,
        )
        stripe_control = StripeControl(
            self.events,
            self.rights,
            self.stripe_account,
            self.sessions,
            self.payments,
            self.refunds,
            self.disputes,
        )
        return [
            *VoiceControl(self.board, self.signalling).routes(),
            *control.routes(),
            *stripe_control.routes(),
        ]

    def reset(self) -> None:
        """Forget every call, message and rule, as after a start; time runs at its own pace."""
        for part in (
            self.clock,
            self.phones,
            self.courier,
            self.signalling,
            self.faults,
            self.board,
            self.caller_ids,
            self.permissions,
            self.prices,
            self.reach,
            self.shown,
            self.calls,
            self.verify,
            self.account,
            self.owned_numbers,
            self.application,
            self.events,
            self.rights,
            self.stripe_account,
            self.payments,
            self.refunds,
            self.disputes,
            self.sessions,
            self.mailbox,
        ):
            part.reset()
        self.idempotency.clear()


async def twilio_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, TwilioError)  # noqa: S101 - registered for this class alone
    return error.answer()


async def stripe_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, StripeError)  # noqa: S101 - registered for this class alone
    return error.answer()


async def http_error(request: Request, error: Exception) -> Response:
    """Answer unknown paths and wrong methods in the form of the provider that was asked."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    provider = provider_of(request.url.path)
    if provider == "twilio":
        return not_found(request.url.path).answer()
    if provider == "stripe":
        what = f"{request.method}: {request.url.path}"
        return StripeError(f"Unrecognized request URL ({what}).", status=404).answer()
    return JSONResponse({"error": error.detail}, status_code=error.status_code)
