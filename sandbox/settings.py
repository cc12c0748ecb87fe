"""The settings of the sandbox, from its environment."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The credentials that the product also has, so that both sides can sign and check."""

    twilio_account_sid: str
    twilio_auth_token: str
    twilio_verify_service_sid: str
    stripe_api_key: str
    stripe_webhook_secret: str
    twilio_from_number: str | None
    # A standard API key (https://www.twilio.com/docs/iam/api-keys/keys-in-console). With the app it
    # is what calls through the computer need; without them, no token is right.
    twilio_api_key_sid: str | None
    twilio_api_key_secret: str | None
    twilio_twiml_app_sid: str | None
    web_url: str

    @property
    def stripe_livemode(self) -> bool:
        """Return whether the key is a live one (https://docs.stripe.com/keys)."""
        return "_live_" in self.stripe_api_key

    @classmethod
    def from_environment(cls, *, web_url: str) -> "Settings":
        """Raise KeyError with the variable's name where one is missing."""
        return cls(
            twilio_account_sid=os.environ["TWILIO_ACCOUNT_SID"],
            twilio_auth_token=os.environ["TWILIO_AUTH_TOKEN"],
            twilio_verify_service_sid=os.environ["TWILIO_VERIFY_SERVICE_SID"],
            stripe_api_key=os.environ["STRIPE_API_KEY"],
            stripe_webhook_secret=os.environ["STRIPE_WEBHOOK_SECRET"],
            twilio_from_number=os.environ.get("TWILIO_FROM_NUMBER"),
            twilio_api_key_sid=os.environ.get("TWILIO_API_KEY_SID"),
            twilio_api_key_secret=os.environ.get("TWILIO_API_KEY_SECRET"),
            twilio_twiml_app_sid=os.environ.get("TWILIO_TWIML_APP_SID"),
            web_url=web_url.rstrip("/"),
        )
