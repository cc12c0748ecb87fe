"""The pages of the product by name: for their pictures, and for the tests of all of them."""

VISITOR_PAGES = {
    "landing": "/",
    "rates": "/rates",
    "rates-country": "/rates?q=GB",
    "rates-number": "/rates?q=%2B442079460018",
    "rates-unknown": "/rates?q=Atlantis",
    "sign-in": "/accounts/login/",
    "sign-up": "/accounts/signup/",
    "reset": "/accounts/password/reset/",
    "reset-sent": "/accounts/password/reset/done/",
    "reset-stale": "/accounts/password/reset/key/1-gone/",
    "reset-done": "/accounts/password/reset/key/done/",
    "confirm-sent": "/accounts/confirm-email/",
    "confirm-stale": "/accounts/confirm-email/gone/",
    "closed": "/accounts/inactive/",
}
CUSTOMER_PAGES = {
    "home": "/home",
    "calls": "/calls",
    "calls-filtered": "/calls?state=failed&country=ZZ",
    "caller-ids": "/caller-ids",
    "topup": "/topup",
    "statement": "/statement",
    "tokens": "/settings/tokens",
    "tokens-last": "/settings/tokens?page=99",
    "token-new": "/settings/tokens/new",
    "devices": "/settings/devices",
    "security": "/settings/security",
    "device": "/device",
    "device-approved": "/device/approved",
    "device-denied": "/device/denied",
    "device-over": "/device/over",
    "mfa": "/accounts/2fa/",
    "mfa-totp": "/accounts/2fa/totp/activate/",
    "mfa-keys": "/accounts/2fa/webauthn/",
    "mfa-key": "/accounts/2fa/webauthn/add/",
    "email": "/accounts/email/",
    "password": "/accounts/password/change/",
    "confirm": "/accounts/reauthenticate/",
    "sessions": "/accounts/sessions/",
    "sign-out": "/accounts/logout/",
}
# Pages about one thing, whose id `one_of_each` in tests/web/scenes.py knows.
THING_PAGES = {
    "call": "/calls/{call}",
    "call-running": "/calls/{running}",
    "topup-paid": "/topup/{topup}",
    "topup-waiting": "/topup/{waiting}",
    "topup-receipt": "/topup/{topup}/receipt",
    "month": "/statement/{month}",
}
# Refusals, as `refusal_pages` in tests/web/scenes.py renders them.
REFUSALS = ("400", "403", "403-form", "404", "429", "500", "503")
