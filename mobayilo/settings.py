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
from redis.retry import Retry

from mobayilo.lib.environment import Environment
from mobayilo.lib.hosts import is_loopback

BASE_DIR = Path(__file__).resolve().parent.parent

if env_file := os.environ.get("ENV_FILE"):
    environ.Env.read_env(env_file)
env = Environment()

# The product seen from outside: links in mails, the OAuth issuer, webhook addresses, host checks.

PUBLIC_URL: str = env.str("PUBLIC_URL").rstrip("/")
_public = urlsplit(PUBLIC_URL)
if _public.scheme not in ("http", "https") or not _public.hostname or _public.path:
    raise ImproperlyConfigured("PUBLIC_URL must look like https://example.com, without a path")
IS_LOCAL: bool = is_loopback(_public.hostname)
if _public.scheme == "http" and not IS_LOCAL:
    raise ImproperlyConfigured("PUBLIC_URL must be https:// unless it is on this machine")

SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = False
ALLOWED_HOSTS = [_public.hostname, *env.list("EXTRA_ALLOWED_HOSTS", default=[])]
if IS_LOCAL:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1"]

# What a customer types to get moby. PyPI's "moby" is a stranger's package, so no bare name here.
MOBY_INSTALL_COMMAND: str = env.str("MOBY_INSTALL_COMMAND", default="pipx install ./cli_client")

# How many proxies of ours append to X-Forwarded-For; 0 means that clients connect directly.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
# The header in which the outermost of them says the client's country, such as CF-IPCountry.
CLIENT_COUNTRY_HEADER: str = env.str("CLIENT_COUNTRY_HEADER", default="")
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _public.scheme == "https"
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 0 if IS_LOCAL else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not IS_LOCAL
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_NAME = "session" if IS_LOCAL else "__Host-session"
CSRF_COOKIE_NAME = "csrftoken" if IS_LOCAL else "__Host-csrftoken"
CSRF_FAILURE_VIEW = "mobayilo.exceptions.csrf_failure"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # data: for the QR code of an authenticator app
        "font-src": [SELF],
        "connect-src": [SELF],
        # A form of ours may lead to Stripe's page: browsers apply this to redirects too.
        "form-action": [
            SELF,
            env.str("STRIPE_API_URL", default="") or "https://checkout.stripe.com",
        ],
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
    "mobayilo.overview.middleware.FailuresMiddleware",
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

# What must last.

_database_url = env.address(
    "DATABASE_URL",
    ("postgresql", "postgres", "sqlite"),
    "postgresql://user:password@host/name, or sqlite:///file",
)
DATABASES = {"default": Environment.db_url_config(_database_url)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A deferred transaction that upgrades from reading to writing is refused at once when another
    # writes, whatever the time-out; an immediate one waits its turn.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    # No health checks: they cost a round trip on each request. A connection that broke fails one
    # request with 503 and is opened anew for the next.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    # Without it psycopg prepares nothing, not even what asks for it (mobayilo.lib.prepared).
    DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 5
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What may be lost: counters and short caches.

REDIS_URL = env.address("REDIS_URL", ("redis", "rediss", "unix"), "redis://host:6379/0", default="")
# Django keeps 300 entries unless told, so that a few hundred addresses would push counters out.
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
                "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
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
WEB_PROCESSES = env.int("WEB_PROCESSES", default=1)
SILENCED_SYSTEM_CHECKS = [
    "django_ratelimit.E003",  # local memory is allowed for one process: mobayilo.E001 guards that
    "django_ratelimit.W001",  # Django's own Redis backend increments atomically
]
RATELIMIT_ENABLE = env.bool("RATELIMIT_ENABLE", default=True)

# Who people are.

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
ACCOUNT_ADAPTER = "accounts.sign_in.adapter.AccountAdapter"
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
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _public.scheme
ACCOUNT_SESSION_REMEMBER = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ADAPTER = "accounts.sign_in.mfa.MFAAdapter"
MFA_FORMS = {"add_webauthn": "accounts.forms.AddKeyForm"}
STAFF_MFA_REQUIRED = env.bool("STAFF_MFA_REQUIRED", default=not IS_LOCAL)
MFA_TOTP_ISSUER = "Mobayilo"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = IS_LOCAL
USERSESSIONS_TRACK_ACTIVITY = True

# Mail.

_email_url = env.address("EMAIL_URL", tuple(env.EMAIL_SCHEMES), "smtp+tls://user:password@host:587")
vars().update(Environment.email_url_config(_email_url))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("MAIL_FROM", default="Mobayilo <hello@mobayilo.com>")
EMAIL_TIMEOUT = 10

# The CLI API.

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["mobayilo.lib.ratelimits.RateLimitThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["mobayilo.lib.parsers.StorableJsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "mobayilo.lib.negotiation.JsonWhateverIsAccepted",
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
    },
    "ENABLE_DJANGO_DEPLOY_CHECK": False,  # the schema has a test of its own
}

# Providers. The *_API_URL variables point the official SDKs at the sandbox.

TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN")
# The former token, while a rotation is under way: webhooks signed with either are accepted.
TWILIO_AUTH_TOKEN_FALLBACK: str = env.str("TWILIO_AUTH_TOKEN_FALLBACK", default="")
TWILIO_VERIFY_SERVICE_SID = env.str("TWILIO_VERIFY_SERVICE_SID")
TWILIO_FROM_NUMBER = env.str("TWILIO_FROM_NUMBER")  # the Twilio number that rings customers
TWILIO_API_URL: str = env.str("TWILIO_API_URL", default="")
TWILIO_TIMEOUT_SECONDS = env.float("TWILIO_TIMEOUT_SECONDS", default=10.0)
STRIPE_API_KEY = env.str("STRIPE_API_KEY")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET")
STRIPE_API_URL: str = env.str("STRIPE_API_URL", default="")
STRIPE_TIMEOUT_SECONDS = env.float("STRIPE_TIMEOUT_SECONDS", default=10.0)

# Policy of the house. Amounts and times that an operator may tighten.

TOKEN_DEFAULT_DAYS = env.int("TOKEN_DEFAULT_DAYS", default=30)
TOKEN_MAX_DAYS = env.int("TOKEN_MAX_DAYS", default=365)
TOKEN_MAY_LAST_FOR_EVER = env.bool("TOKEN_MAY_LAST_FOR_EVER", default=False)
TOPUP_MAX_CENTS = env.int("TOPUP_MAX_CENTS", default=50_000)
TOPUP_MAX_CENTS_NEW_ACCOUNT = env.int("TOPUP_MAX_CENTS_NEW_ACCOUNT", default=10_000)
REFUND_DAYS = env.int(
    "REFUND_DAYS", default=30
)  # how long customers may refund a top-up themselves
ADJUST_MAX_CENTS_SUPPORT = env.int("ADJUST_MAX_CENTS_SUPPORT", default=2_000)  # operators too
ADJUST_MAX_CENTS_FINANCE = env.int("ADJUST_MAX_CENTS_FINANCE", default=50_000)
LOW_BALANCE_CENTS = env.int("LOW_BALANCE_CENTS", default=200)  # below this a mail is sent; 0: never
CALL_MAX_SECONDS = env.int("CALL_MAX_SECONDS", default=4 * 3600 - 60)
CALL_RING_SECONDS = env.int("CALL_RING_SECONDS", default=45)
# Calls that the destination answered for less than this are false answers and cost nothing.
FALSE_ANSWER_SECONDS = env.int("FALSE_ANSWER_SECONDS", default=3)
# Whether the customer's own leg is billed when the destination never answered.
CHARGE_UNANSWERED_CALLS = env.bool("CHARGE_UNANSWERED_CALLS", default=False)
CALLER_ID_REVERIFY_DAYS = env.int("CALLER_ID_REVERIFY_DAYS", default=180)  # 0: never
# What a single account may do, against fraud; a new account less.
NEW_ACCOUNT_DAYS = env.int("NEW_ACCOUNT_DAYS", default=7)
CALLS_AT_ONCE = env.int("CALLS_AT_ONCE", default=5)
CALLS_AT_ONCE_NEW_ACCOUNT = env.int("CALLS_AT_ONCE_NEW_ACCOUNT", default=3)
CALLS_PER_HOUR = env.int("CALLS_PER_HOUR", default=120)
NEW_NUMBERS_PER_HOUR = env.int("NEW_NUMBERS_PER_HOUR", default=30)
SPEND_MAX_CENTS_PER_DAY = env.int("SPEND_MAX_CENTS_PER_DAY", default=20_000)
PRICE_CEILING_CENTS_NEW_ACCOUNT = env.int("PRICE_CEILING_CENTS_NEW_ACCOUNT", default=150)
CLOSED_COUNTRIES = [code.upper() for code in env.list("CLOSED_COUNTRIES", default=[])]

# Seen from outside.

METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")
PROMETHEUS_MULTIPROC_DIR: str = env.str("PROMETHEUS_MULTIPROC_DIR", default="")

# Pages.

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "mobayilo.formats"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "var" / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = IS_LOCAL

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "mobayilo.logs.ContextFilter"}},
    "formatters": {"json": {"()": "mobayilo.logs.Formatter"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["context"]}
    },
    "root": {"handlers": ["stderr"], "level": env.one_of("LOG_LEVEL", LOG_LEVELS, default="INFO")},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "propagate": False},
        # Every 4xx again, in words; our own line has the status. A device login waits in 400s.
        "django.request": {"level": "ERROR"},
        # The SDKs log request bodies and headers at INFO and DEBUG.
        "twilio.http_client": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
    },
}
