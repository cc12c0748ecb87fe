"""All settings, read from the environment (or from the file that ENV_FILE names).

Safe by default: nothing here knows "development". What differs between a laptop and production is
derived from PUBLIC_URL, and a missing secret stops the start with the variable's name.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from mobayilo.lib.environment import Environment
from mobayilo.lib.hosts import is_loopback
from mobayilo.lib.redis_circuit import CircuitRetry

BASE_DIR = Path(__file__).resolve().parent.parent

if env_file := os.environ.get("ENV_FILE"):
    environ.Env.read_env(env_file)
env = Environment()

# The settings of an operator. `make tables` writes deploy/mobayilo.env and the tables of
# docs/operations.md from these lines.

env.section("The site")
PUBLIC_URL = env.text(
    "PUBLIC_URL",
    "the address of the site: links in mails, the OAuth issuer, webhooks. `https://`, without a "
    "path; plain http on loopback only",
    example="https://mobayilo.com",
).rstrip("/")
MOBY_INSTALL_COMMAND = env.text(
    "MOBY_INSTALL_COMMAND",
    "the command by which the site has customers install `moby`. The default is the installer that "
    "the site serves, with the wheel that `manage.py build_client` made. The bare name is a "
    "stranger's package on PyPI, and is refused",
    default=f"curl -fsSL {PUBLIC_URL}/client/install.sh | sh",
    shown_default="curl -fsSL PUBLIC_URL/client/install.sh | sh",
)
EXTRA_ALLOWED_HOSTS = env.words("EXTRA_ALLOWED_HOSTS", "further host names, separated by commas")
SECRET_KEY = env.text(
    "SECRET_KEY",
    "signs sessions and links: 50 random characters or more, as `openssl rand -base64 48` makes",
)
SECRET_KEY_FALLBACKS = env.words(
    "SECRET_KEY_FALLBACKS", "former keys while one is being replaced, separated by commas"
)
TRUSTED_PROXY_COUNT = env.integer(
    "TRUSTED_PROXY_COUNT",
    "how many proxies of yours append to `X-Forwarded-For`; 0 means that clients connect directly, "
    "1 is right with the nginx configuration of `deploy/`",
    default=0,
    example="1",
    at_least=0,
    at_most=10,
)
CLIENT_COUNTRY_HEADER = env.text(
    "CLIENT_COUNTRY_HEADER",
    "the header in which the outermost proxy writes the client's country, such as `CF-IPCountry`",
    default="",
)

env.section("What must last, and what may be lost")
DATABASE_URL = env.address(
    "DATABASE_URL",
    "the database: `postgresql://user:password@host/name`, or `sqlite:///file` for one web process",
    schemes=("postgresql", "postgres", "sqlite"),
    looks_like="postgresql://user:password@host/name, or sqlite:///file",
    example="postgresql://mobayilo@localhost/mobayilo",
)
CONN_MAX_AGE = env.integer(
    "CONN_MAX_AGE",
    "seconds that a database connection is kept. 0 opens one for each request, which is slow",
    default=60,
)
REDIS_URL = env.address(
    "REDIS_URL",
    "where limits are counted: `redis://host:6379/0`; required with several web processes",
    schemes=("redis", "rediss", "unix"),
    looks_like="redis://host:6379/0",
    default="",
    example="redis://localhost:6379/0",
)
WEB_PROCESSES = env.integer(
    "WEB_PROCESSES",
    "how many web processes run, all machines together",
    default=1,
    example="2",
    at_least=1,
    at_most=10_000,
)
STATIC_ROOT = Path(
    env.text(
        "STATIC_ROOT",
        "where `manage.py collectstatic` writes and the web server reads",
        default=str(BASE_DIR / "var" / "static"),
        shown_default="var/static",
        example="/srv/mobayilo/var/static",
    )
)
CLIENT_ROOT = STATIC_ROOT.parent / "client"  # where `manage.py build_client` writes
BACKUP_FOLDER = env.text(
    "BACKUP_FOLDER",
    "the folder of the dumps of `deploy/backup.py`, whose age `check_live` looks at",
    default="",
    example="/var/lib/mobayilo-backups",
)

env.section("Mail")
EMAIL_URL = env.address(
    "EMAIL_URL",
    "the mail server: `smtp+tls://user:password@host:587`",
    schemes=tuple(env.EMAIL_SCHEMES),
    looks_like="smtp+tls://user:password@host:587",
    example="smtp+tls://localhost:587",
)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text(
    "MAIL_FROM", "the sender of every mail", default="Mobayilo <hello@mobayilo.com>"
)

SUPPORT_EMAIL = env.text(
    "SUPPORT_EMAIL",
    "the address of support, which refusals name; without it they say “support” only",
    default="",
    example="support@example.com",
)

MAIL_DKIM_SELECTOR = env.text(
    "MAIL_DKIM_SELECTOR",
    "the selector of the DKIM key of your mail, which `check_live` then looks up",
    default="",
)

env.section("The company behind the site")
COMPANY_NAME = env.text(
    "COMPANY_NAME",
    "who sells: on the contact page, in the legal pages and on receipts",
    default="",
    example="",
)
COMPANY_ADDRESS = env.text(
    "COMPANY_ADDRESS",
    "the postal address of the company, its lines separated by `;`, the country last",
    default="",
    example="",
)
COMPANY_TAX_NUMBER = env.text(
    "COMPANY_TAX_NUMBER", "the tax number of the company, where it has one", default=""
)
TERMS_URL = env.text(
    "TERMS_URL", "the address of terms of your own; empty shows those at `/terms`", default=""
)
PRIVACY_URL = env.text(
    "PRIVACY_URL", "the address of a privacy policy of your own, instead of `/privacy`", default=""
)
REFUNDS_URL = env.text(
    "REFUNDS_URL", "the address of a refund policy of your own, instead of `/refunds`", default=""
)
TERMS_VERSION = env.text(
    "TERMS_VERSION",
    "the date of the terms in force. Set another one when they change: customers are then asked "
    "to accept them at their next visit",
    default="2026-12-01",
)

env.section("Twilio")
TWILIO_ACCOUNT_SID = env.text(
    "TWILIO_ACCOUNT_SID", "the account's SID, from the first page of the console"
)
TWILIO_AUTH_TOKEN = env.text("TWILIO_AUTH_TOKEN", "the account's token, which also signs webhooks")
TWILIO_AUTH_TOKEN_FALLBACK = env.text(
    "TWILIO_AUTH_TOKEN_FALLBACK",
    "the other token while one is being replaced: webhooks signed with either are accepted",
    default="",
)
TWILIO_VERIFY_SERVICE_SID = env.text(
    "TWILIO_VERIFY_SERVICE_SID", "the Verify service that sends codes"
)
TWILIO_FROM_NUMBER = env.text("TWILIO_FROM_NUMBER", "the number, in E.164, that rings customers")
TWILIO_API_KEY_SID = env.text(
    "TWILIO_API_KEY_SID",
    "the SID of a standard API key, by which requests to Twilio are made instead of by the auth "
    "token, and which signs the tokens of calls through the computer",
    default="",
)
TWILIO_API_KEY_SECRET = env.text("TWILIO_API_KEY_SECRET", "the secret of that API key", default="")
TWILIO_TWIML_APP_SID = env.text(
    "TWILIO_TWIML_APP_SID",
    "the TwiML app of calls through the computer, with the voice URL "
    "`PUBLIC_URL/webhooks/twilio/client` and the status callback "
    "`PUBLIC_URL/webhooks/twilio/client/status`",
    default="",
)
TWILIO_TIMEOUT_SECONDS = env.decimal(
    "TWILIO_TIMEOUT_SECONDS",
    "how many seconds to wait for an answer of Twilio",
    default=10.0,
    at_least=1,
    at_most=60,
)
TWILIO_API_URL = env.text(
    "TWILIO_API_URL",
    "another base address for the SDK, such as the sandbox; empty means Twilio itself",
    default="",
)

env.section("Stripe")
STRIPE_API_KEY = env.text(
    "STRIPE_API_KEY",
    "a restricted key of live mode: Checkout Sessions and Refunds write; PaymentIntents, Charges, "
    "Disputes, Balance transactions and Radar early fraud warnings read; Webhook endpoints and the "
    "account read, for `check_live`",
)
STRIPE_WEBHOOK_SECRET = env.text(
    "STRIPE_WEBHOOK_SECRET", "the secret of the webhook endpoint `PUBLIC_URL/webhooks/stripe`"
)
STRIPE_PAYMENT_METHODS = env.words(
    "STRIPE_PAYMENT_METHODS",
    "the methods that customers may pay by, of those that are switched on at Stripe: `card`, and "
    "what you add, such as `us_bank_account`, whose money comes days later",
    default=("card",),
)
STRIPE_TIMEOUT_SECONDS = env.decimal(
    "STRIPE_TIMEOUT_SECONDS",
    "how many seconds to wait for an answer of Stripe",
    default=10.0,
    at_least=1,
    at_most=60,
)
STRIPE_API_URL = env.text(
    "STRIPE_API_URL",
    "another base address for the SDK, such as the sandbox; empty means Stripe itself",
    default="",
)

MOST_CENTS = 100_000_000
MANY = 1_000_000
env.section("Policy")  # what an operator may tighten or loosen; cents are cents of US dollars
TOKEN_DEFAULT_DAYS = env.integer(
    "TOKEN_DEFAULT_DAYS",
    "how many days a token lives if its maker says nothing",
    default=30,
    at_least=1,
    at_most=3650,
)
TOKEN_MAX_DAYS = env.integer(
    "TOKEN_MAX_DAYS",
    "how many days a token lives at most; staff may tighten it for an account",
    default=365,
    at_least=1,
    at_most=3650,
)
TOKEN_MAY_LAST_FOR_EVER = env.flag(
    "TOKEN_MAY_LAST_FOR_EVER", "whether tokens without an end may be made", default=False
)
TOPUP_MAX_CENTS = env.integer(
    "TOPUP_MAX_CENTS", "the largest top-up", default=50_000, at_least=500, at_most=MOST_CENTS
)
TOPUP_MAX_CENTS_NEW_ACCOUNT = env.integer(
    "TOPUP_MAX_CENTS_NEW_ACCOUNT",
    "the largest top-up of an account whose first paid one is not a week old",
    default=10_000,
    at_least=500,
    at_most=MOST_CENTS,
)
REFUND_DAYS = env.integer(
    "REFUND_DAYS",
    "how many days customers may refund the unused rest of a top-up themselves",
    default=30,
    at_least=0,
    at_most=3650,
)
REFUNDS_PER_MONTH = env.integer(
    "REFUNDS_PER_MONTH",
    "how many refunds in 30 days the customers of an account may make themselves; support makes "
    "the others. Each costs the fee of the payment",
    default=3,
    at_least=0,
    at_most=MANY,
)
ADJUST_MAX_CENTS_SUPPORT = env.integer(
    "ADJUST_MAX_CENTS_SUPPORT",
    "the most that support and operators may credit or debit at a time",
    default=2_000,
    at_least=0,
    at_most=MOST_CENTS,
)
ADJUST_MAX_CENTS_FINANCE = env.integer(
    "ADJUST_MAX_CENTS_FINANCE",
    "the most that finance may credit or debit at a time",
    default=50_000,
    at_least=0,
    at_most=MOST_CENTS,
)
ADJUST_MAX_CENTS_PER_DAY_SUPPORT = env.integer(
    "ADJUST_MAX_CENTS_PER_DAY_SUPPORT",
    "the most that one member of support or one operator may credit and debit in a UTC day",
    default=10_000,
    at_least=0,
    at_most=MOST_CENTS,
)
ADJUST_MAX_CENTS_PER_DAY_FINANCE = env.integer(
    "ADJUST_MAX_CENTS_PER_DAY_FINANCE",
    "the most that one member of finance may credit and debit in a UTC day",
    default=200_000,
    at_least=0,
    at_most=MOST_CENTS,
)
SECOND_PERSON_ABOVE_CENTS = env.integer(
    "SECOND_PERSON_ABOVE_CENTS",
    "credits, debits, refunds and withdrawn warnings by staff above this sum wait for a second "
    "person; so do a limit of spending above SPEND_MAX_CENTS_PER_DAY by more, and a user added to "
    "an account that has more",
    default=10_000,
    at_least=0,
    at_most=MOST_CENTS,
)
LOW_BALANCE_CENTS = env.integer(
    "LOW_BALANCE_CENTS",
    "below this balance a mail is sent, once per crossing; 0 sends none",
    default=200,
    at_least=0,
    at_most=MOST_CENTS,
)
CALL_MAX_SECONDS = env.integer(
    "CALL_MAX_SECONDS",
    "the longest call in seconds; Twilio allows four hours",
    default=4 * 3600 - 60,
)
CALL_RING_SECONDS = env.integer(
    "CALL_RING_SECONDS", "how many seconds the destination rings", default=45
)
FALSE_ANSWER_SECONDS = env.integer(
    "FALSE_ANSWER_SECONDS",
    "answered calls shorter than this many seconds are false answers and cost nothing",
    default=3,
    at_least=0,
    at_most=60,
)
CHARGE_UNANSWERED_CALLS = env.flag(
    "CHARGE_UNANSWERED_CALLS",
    "whether the customer's own leg is billed when the destination never answered",
    default=False,
)
CALLER_ID_REVERIFY_DAYS = env.integer(
    "CALLER_ID_REVERIFY_DAYS",
    "after how many days a phone has to be verified again; 0 is never",
    default=180,
    at_least=0,
    at_most=3650,
)
NEW_ACCOUNT_DAYS = env.integer(
    "NEW_ACCOUNT_DAYS",
    "how many days an account counts as new and has tighter limits",
    default=7,
    at_least=0,
    at_most=3650,
)
CALLS_AT_ONCE = env.integer(
    "CALLS_AT_ONCE",
    "calls of one account at the same time",
    default=5,
    at_least=1,
    at_most=MANY,
)
CALLS_AT_ONCE_NEW_ACCOUNT = env.integer(
    "CALLS_AT_ONCE_NEW_ACCOUNT",
    "calls of a new account at the same time",
    default=3,
    at_least=1,
    at_most=MANY,
)
CALLS_PER_HOUR = env.integer(
    "CALLS_PER_HOUR",
    "calls of one account an hour; an operator may set another limit for an account in the admin",
    default=120,
    at_least=1,
    at_most=MANY,
)
NEW_NUMBERS_PER_HOUR = env.integer(
    "NEW_NUMBERS_PER_HOUR",
    "numbers an hour that the account never called before; another limit as for calls",
    default=30,
    at_least=1,
    at_most=MANY,
)
SPEND_MAX_CENTS_PER_DAY = env.integer(
    "SPEND_MAX_CENTS_PER_DAY",
    "what one account may spend in a UTC day, open holds included",
    default=20_000,
    at_least=0,
    at_most=MOST_CENTS,
)
PRICE_CEILING_CENTS_NEW_ACCOUNT = env.integer(
    "PRICE_CEILING_CENTS_NEW_ACCOUNT",
    "the dearest minute that a new account may call",
    default=150,
    at_least=0,
    at_most=MOST_CENTS,
)
PRICE_CEILING_CENTS_OWN_PHONE = env.integer(
    "PRICE_CEILING_CENTS_OWN_PHONE",
    "the dearest minute of a customer's own phone, which rings first; an operator may open others",
    default=150,
    at_least=0,
    at_most=MOST_CENTS,
)
FREE_ATTEMPTS_PER_DAY = env.integer(
    "FREE_ATTEMPTS_PER_DAY",
    "unanswered and very short calls of one account that are free in a UTC day; later ones are "
    "charged",
    default=10,
    at_least=0,
    at_most=MANY,
)
UNPAID_COST_MAX_CENTS_PER_DAY = env.integer(
    "UNPAID_COST_MAX_CENTS_PER_DAY",
    "what the calls of one account may cost the operator in a UTC day beyond what was charged",
    default=500,
    at_least=0,
    at_most=MOST_CENTS,
)
CLOSED_COUNTRIES = [
    code.upper()
    for code in env.words(
        "CLOSED_COUNTRIES", "ISO codes of countries that are never called, separated by commas"
    )
]

PUBLIC = urlsplit(PUBLIC_URL)
if PUBLIC.scheme not in ("http", "https") or not PUBLIC.hostname or PUBLIC.path:
    raise ImproperlyConfigured("PUBLIC_URL must look like https://example.com, without a path")
IS_LOCAL: bool = is_loopback(PUBLIC.hostname)
if PUBLIC.scheme == "http" and not IS_LOCAL:
    raise ImproperlyConfigured("PUBLIC_URL must be https:// unless it is on this machine")

env.section("Staff, and what is seen from outside")
STAFF_MFA_REQUIRED = env.flag(
    "STAFF_MFA_REQUIRED",
    "whether the admin opens only to staff with a second factor; a public server refuses to start "
    "without (`mobayilo.E002`). On loopback the default is False",
    default=not IS_LOCAL,
    shown_default="True",
)
METRICS_TOKEN = env.text(
    "METRICS_TOKEN",
    "what Prometheus sends as a Bearer token to read `/metrics`, which does not exist without it",
    default="",
    example="",
)
PROMETHEUS_MULTIPROC_DIR = env.text(
    "PROMETHEUS_MULTIPROC_DIR",
    "a folder in which the web processes of one machine add up their counters; the systemd unit "
    "sets it",
    default="",
)
LOG_LEVEL = env.one_of(
    "LOG_LEVEL",
    "the least level of the JSON log lines on stderr",
    known=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
    default="INFO",
)
DNS_RESOLVER = env.text(
    "DNS_RESOLVER",
    "the resolver that `check_live` asks, as `192.0.2.53` or `192.0.2.53:5353`; empty asks that "
    "of the machine",
    default="",
)
RATELIMIT_ENABLE = env.flag(
    "RATELIMIT_ENABLE",
    "whether requests are counted against the limits; off only for load tests",
    default=True,
)

# From here on, what follows from the above, and how Django and its apps are wired.

VARIABLES = env.variables
DEBUG = False
ALLOWED_HOSTS = [PUBLIC.hostname, *EXTRA_ALLOWED_HOSTS]
if IS_LOCAL:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1"]
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PUBLIC.scheme == "https"
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 0 if IS_LOCAL else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not IS_LOCAL
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_NAME = "session" if IS_LOCAL else "__Host-session"
CSRF_COOKIE_NAME = "csrftoken" if IS_LOCAL else "__Host-csrftoken"
CSRF_FAILURE_VIEW = "mobayilo.exceptions.csrf_failure"
X_FRAME_OPTIONS = "DENY"

STRIPE_CHECKOUT_URL = (STRIPE_API_URL or "https://checkout.stripe.com").rstrip("/")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # data: for the QR code of an authenticator app
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # A form of ours may lead to Stripe's page: browsers apply this to redirects too.
        "form-action": [SELF, STRIPE_CHECKOUT_URL],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

INSTALLED_APPS = [
    "accounts.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "django_ratelimit",
    "accounts.apps.AccountsConfig",
    "billing",
    "telephony",
    "mobayilo.overview",
    "mobayilo.client",
]

MIDDLEWARE = [
    "mobayilo.middleware.RequestContextMiddleware",
    "mobayilo.middleware.ProbeMiddleware",
    "accounts.middleware.TokenHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.UserSessionsMiddleware",
    "mobayilo.middleware.ContentSecurityPolicyMiddleware",
    "mobayilo.overview.middleware.TimeZoneMiddleware",
    "mobayilo.overview.failures.FailuresMiddleware",
]

ROOT_URLCONF = "mobayilo.urls"
WSGI_APPLICATION = "mobayilo.wsgi.application"
ASGI_APPLICATION = "mobayilo.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mobayilo.overview.context.shell",
            ],
        },
    },
]

# Storage that must last.

DATABASES = {"default": Environment.db_url_config(DATABASE_URL)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A deferred transaction that upgrades from reading to writing is refused at once when another
    # writes, whatever the time-out; an immediate one waits its turn.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = CONN_MAX_AGE
    # No health checks: they cost a round trip on each request. A connection that broke fails one
    # request with 503 and is opened again for the next.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    # Without it psycopg prepares nothing, not even what asks for it (mobayilo.lib.prepared).
    DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 5
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Storage that may be lost: counters and short caches.

# Django keeps 300 entries by default: a few hundred addresses would push counters out.
COUNTERS_IN_MEMORY = {"MAX_ENTRIES": 100_000}
CACHES = {
    "default": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            # A store of counters that does not answer at once is treated as one that is away.
            "OPTIONS": {
                "socket_connect_timeout": 0.5,
                "socket_timeout": 0.5,
                # A lost connection is opened again; one that says nothing is not waited for twice.
                "retry": CircuitRetry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
            },
        }
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "default",
            "OPTIONS": COUNTERS_IN_MEMORY,
        }
    ),
    # What each process counts on its own.
    "local": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "local",
        "OPTIONS": COUNTERS_IN_MEMORY,
    },
}
SILENCED_SYSTEM_CHECKS = [
    "django_ratelimit.E003",  # local memory is allowed for one process: mobayilo.E001 guards that
    "django_ratelimit.W001",  # Django's own Redis backend increments atomically
]

# Users and their sign-in.

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.sign_in.backend.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "accounts:after-sign-in"
ACCOUNT_LOGOUT_REDIRECT_URL = "overview:landing"
ACCOUNT_FORMS = {
    "signup": "accounts.sign_in.forms.SignUpForm",
    "add_email": "accounts.sign_in.forms.AddressForm",
    "change_password": "accounts.sign_in.forms.NewPasswordForm",
    "reset_password_from_key": "accounts.sign_in.forms.PasswordByLinkForm",
}
ACCOUNT_ADAPTER = "accounts.sign_in.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = PUBLIC.scheme
ACCOUNT_SESSION_REMEMBER = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ADAPTER = "accounts.sign_in.adapters.MFAAdapter"
MFA_FORMS = {
    "add_webauthn": "accounts.sign_in.forms.AddKeyForm",
    "authenticate": "accounts.sign_in.forms.SecondFactorForm",
}
MFA_TOTP_ISSUER = "Mobayilo"
MFA_TOTP_PERIOD = 30
# One period to either side: phones are slow or fast, and people type (RFC 6238 section 5.2).
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = IS_LOCAL
USERSESSIONS_TRACK_ACTIVITY = True

# Mail.

vars().update(Environment.email_url_config(EMAIL_URL))
EMAIL_TIMEOUT = 10

# The CLI API.

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.authentication.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["mobayilo.lib.ratelimits.RateLimitThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["mobayilo.lib.parsers.StorableJsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "mobayilo.lib.parsers.JsonWhateverIsAccepted",
    "DEFAULT_SCHEMA_CLASS": "mobayilo.api_schema.OperationSchema",
    "EXCEPTION_HANDLER": "mobayilo.exceptions.handle_api_exception",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS is answered by no address
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Mobayilo CLI API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "mobayilo.api_schema.add_refusals",
    ],
    "ENUM_NAME_OVERRIDES": {
        "TokenKindEnum": "accounts.models.AccessToken.Kind",
        "TransferKindEnum": "billing.models.Transfer.Kind",
        "CallModeEnum": "telephony.models.Call.Mode",
    },
    "ENABLE_DJANGO_DEPLOY_CHECK": False,  # the schema has a test of its own
}

# Pages.

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "mobayilo.formats"
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = IS_LOCAL

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "mobayilo.logs.ContextFilter"}},
    "formatters": {"json": {"()": "mobayilo.logs.Formatter"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["context"]}
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "propagate": False},
        # Every 4xx again, in words; our own line has the status. A device login waits in 400s.
        "django.request": {"level": "ERROR"},
        # The SDKs log request bodies and headers at INFO and DEBUG.
        "twilio.http_client": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
    },
}
