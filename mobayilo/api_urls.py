"""The whole CLI API on one screen."""

from django.urls import URLPattern, path

from accounts.api import views as accounts
from billing.api import BalanceView, TopUpsView, TopUpView, TransactionsView
from mobayilo.client.api import ClientView
from mobayilo.overview.api import StatusView
from telephony import api as telephony

app_name = "api"

urlpatterns: list[URLPattern] = [
    path("balance", BalanceView.as_view(), name="balance"),
    path("caller-ids", telephony.CallerIdsView.as_view(), name="caller-ids"),
    path("caller-ids/confirm", telephony.CallerIdConfirmView.as_view(), name="caller-ids-confirm"),
    path("caller-ids/country", telephony.DefaultCountryView.as_view(), name="caller-ids-country"),
    path(
        "caller-ids/ask-for-key",
        telephony.AsksForKeyView.as_view(),
        name="caller-ids-ask-for-key",
    ),
    path("caller-ids/call-mode", telephony.CallModeView.as_view(), name="caller-ids-call-mode"),
    path(
        "caller-ids/only-my-number",
        telephony.OnlyMyNumberView.as_view(),
        name="caller-ids-only-my-number",
    ),
    path("caller-ids/<str:public_id>", telephony.CallerIdView.as_view(), name="caller-id"),
    path(
        "caller-ids/<str:public_id>/default",
        telephony.CallerIdDefaultView.as_view(),
        name="caller-id-default",
    ),
    path(
        "caller-ids/<str:public_id>/register",
        telephony.CallerIdRegisterView.as_view(),
        name="caller-id-register",
    ),
    path("calls", telephony.CallsView.as_view(), name="calls"),
    path("calls/<str:public_id>", telephony.CallView.as_view(), name="call"),
    path("calls/<str:public_id>/hangup", telephony.CallHangupView.as_view(), name="call-hangup"),
    path("client", ClientView.as_view(), name="client"),
    path("numbers/check", telephony.NumberCheckView.as_view(), name="number-check"),
    path("quote", telephony.QuoteView.as_view(), name="quote"),
    path("rates", telephony.NumberRatesView.as_view(), name="rates"),
    path("rates/<str:country>", telephony.CountryRatesView.as_view(), name="rates-country"),
    path("sessions", accounts.SessionsView.as_view(), name="sessions"),
    path("sessions/<str:public_id>", accounts.SessionView.as_view(), name="session"),
    path("status", StatusView.as_view(), name="status"),
    path("token", accounts.TokenView.as_view(), name="token"),
    path("token/rotate", accounts.TokenRotateView.as_view(), name="token-rotate"),
    path("tokens", accounts.TokensView.as_view(), name="tokens"),
    path("tokens/leaked", accounts.LeakedTokensView.as_view(), name="tokens-leaked"),
    path("tokens/<str:public_id>", accounts.TokenByIdView.as_view(), name="token-by-id"),
    path("topups", TopUpsView.as_view(), name="topups"),
    path("topups/<str:topup_id>", TopUpView.as_view(), name="topup"),
    path("transactions", TransactionsView.as_view(), name="transactions"),
    path("voice/token", telephony.VoiceTokenView.as_view(), name="voice-token"),
]
