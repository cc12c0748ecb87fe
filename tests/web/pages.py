"""The pages of the product, for the tests that hold something of all of them."""

VISITOR_PAGES = [
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/unknown/",
    "/rates",
    "/rates?q=GB",
    "/rates?q=Atlantis",
]
CUSTOMER_PAGES = [
    "/home",
    "/calls",
    "/calls?state=failed&country=ZZ",
    "/caller-ids",
    "/topup",
    "/statement",
    "/settings/tokens",
    "/settings/tokens?page=5",
    "/settings/tokens/new",
    "/settings/devices",
    "/settings/security",
    "/device",
    "/accounts/2fa/",
    "/accounts/2fa/webauthn/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
    "/accounts/sessions/",
    "/accounts/logout/",
]
# Pages about one thing, whose id `scenes.one_of_each` knows.
THING_PAGES = [
    "/calls/{call}",
    "/topup/{topup}",
    "/topup/{topup}/receipt",
    "/statement/{month}",
]
