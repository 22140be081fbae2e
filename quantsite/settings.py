"""The site's settings, read from the environment.

With nothing set the site runs embedded: one process, SQLite, everything under ``DATA_DIR``. ``DATABASE_URL`` and
``REDIS_URL`` switch the services profile on. ``PRODUCTION=true`` demands every secret from the environment. A value
that is missing or wrong is collected in ``CONFIGURATION_PROBLEMS``; ``quantsite.checks`` reports each in words.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import environ
from kombu import Queue

BASE_DIR = Path(__file__).resolve().parent.parent
CONFIGURATION_PROBLEMS: list[str] = []

env = environ.Env()
if os.environ.get("QUANTSITE_ENV_FILE", "") or (BASE_DIR / ".env").is_file():
    environ.Env.read_env(os.environ.get("QUANTSITE_ENV_FILE") or str(BASE_DIR / ".env"))


def _read(name: str, cast: Callable[[str], Any], default: Any, allowed: str) -> Any:
    """Return the environment's value of ``name``; a wrong one is noted and the default used until it is mended."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        return cast(text)
    except (ValueError, KeyError, environ.ImproperlyConfigured):
        CONFIGURATION_PROBLEMS.append(f"{name} is {text!r}; allowed: {allowed}.")
        return default


def _boolean(text: str) -> bool:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[text.lower()]


def _port(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 65535:
        raise ValueError(text)
    return value


def _threads(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 64:
        raise ValueError(text)
    return value


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 86_400:
        raise ValueError(text)
    return value


def _list(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _url(*schemes: str) -> Callable[[str], str]:
    def cast(text: str) -> str:
        if not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(text)
        return text

    return cast


def _choice(*values: str) -> Callable[[str], str]:
    def cast(text: str) -> str:
        if text not in values:
            raise ValueError(text)
        return text

    return cast


# ---------------------------------------------------------------- profile
PRODUCTION: bool = _read("PRODUCTION", _boolean, False, "true or false")
DEBUG: bool = _read("DEBUG", _boolean, False, "true or false")
DATA_DIR = Path(os.environ.get("DATA_DIR", "").strip() or BASE_DIR / "var").expanduser().resolve()
PORT: int = _read("PORT", _port, 8000, "a whole number from 1 to 65535")
WEB_THREADS: int = _read("WEB_THREADS", _threads, 8, "a whole number from 1 to 64")
HOST: str = os.environ.get("HOST", "").strip() or "127.0.0.1"
DATABASE_URL: str = _read(
    "DATABASE_URL", _url("postgres", "postgresql"), "", "postgresql://user:password@host:port/name"
)
MIGRATE_DATABASE_URL: str = _read(
    "MIGRATE_DATABASE_URL", _url("postgres", "postgresql"), "", "postgresql://owner:password@host:port/name"
)
REDIS_URL: str = _read("REDIS_URL", _url("redis", "rediss", "unix"), "", "redis://host:port/number")
EMBEDDED = not DATABASE_URL and not REDIS_URL
if bool(DATABASE_URL) != bool(REDIS_URL) and "pytest" not in sys.modules:
    CONFIGURATION_PROBLEMS.append(
        "DATABASE_URL and REDIS_URL belong together: set both for the services profile, neither for the embedded one."
    )


# ---------------------------------------------------------------- keys
def _key_file(name: str, make: Callable[[], str]) -> str:
    """Return the embedded profile's own key, made on first start and readable by its owner alone."""
    path = DATA_DIR / "keys" / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        problem = f"DATA_DIR {DATA_DIR} cannot be written ({error.strerror}); name a writable folder."
        CONFIGURATION_PROBLEMS.append(problem)
        return make()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(make())
        file.flush()
        os.fsync(file.fileno())
    return path.read_text(encoding="ascii").strip()


def _secret(name: str, minimum: int, make: Callable[[], str]) -> str:
    text = os.environ.get(name, "").strip()
    if text:
        if len(text) < minimum:
            CONFIGURATION_PROBLEMS.append(f"{name} has {len(text)} characters; at least {minimum} are needed.")
        return text
    if PRODUCTION:
        CONFIGURATION_PROBLEMS.append(f"{name} is not set; in production it must come from the environment.")
        return ""
    return _key_file(name.lower(), make)


SECRET_KEY = _secret("SECRET_KEY", 50, lambda: secrets.token_urlsafe(64))
AUDIT_KEY = _secret("AUDIT_KEY", 32, lambda: secrets.token_urlsafe(48))
CREDENTIAL_KEYS = _list(
    _secret("CREDENTIAL_KEYS", 44, lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii"))
)

# ---------------------------------------------------------------- web
ALLOWED_HOSTS: list[str] = _read("ALLOWED_HOSTS", _list, ["127.0.0.1", "localhost", "[::1]"], "host,host,…")
CSRF_TRUSTED_ORIGINS: list[str] = _read("CSRF_TRUSTED_ORIGINS", _list, [], "https://host,…")
if PRODUCTION and not os.environ.get("ALLOWED_HOSTS", "").strip():
    CONFIGURATION_PROBLEMS.append("ALLOWED_HOSTS is not set; in production name the hosts the site answers to.")
if PRODUCTION and DEBUG:
    CONFIGURATION_PROBLEMS.append("DEBUG is true; in production it must be false.")
if PRODUCTION and EMBEDDED:
    CONFIGURATION_PROBLEMS.append("DATABASE_URL and REDIS_URL are not set; production needs PostgreSQL and Redis.")

INSTALLED_APPS = [
    "quantsite",
    "backtests",
    "trading",
    "risk",
    "portfolio",
    "marketdata",
    "users",
    "operations",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "simple_history",
    "django_structlog",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "operations.middleware.RequestIdMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "operations.middleware.ApplicationErrorMiddleware",
]

ROOT_URLCONF = "quantsite.urls"
ASGI_APPLICATION = "quantsite.asgi.application"
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
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")

# ---------------------------------------------------------------- ledger
SQLITE_INIT = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
if DATABASE_URL:
    _migrating = len(sys.argv) > 1 and sys.argv[1] == "migrate"
    _ledger_url = MIGRATE_DATABASE_URL if _migrating and MIGRATE_DATABASE_URL else DATABASE_URL
    DATABASES = {"default": env.db_url_config(_ledger_url)}
    # held by web threads (a fixed number), workers, the dispatcher and the replay; asked after when taken up again
    DATABASES["default"]["CONN_MAX_AGE"] = 600
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "quantsite.sqlite3",
            "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": SQLITE_INIT},
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---------------------------------------------------------------- hot plane
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "capacity": 1000},
        }
    }
    CELERY_BROKER_URL = REDIS_URL
    CELERY_RESULT_BACKEND = REDIS_URL
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CHANNEL_LAYERS = {
        "default": {"BACKEND": "quantsite.channel_layer.LoopBoundInMemoryChannelLayer", "CONFIG": {"capacity": 1000}}
    }
    CELERY_BROKER_URL = "memory://localhost//"
    CELERY_RESULT_BACKEND = "cache+memory://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.02}

# ---------------------------------------------------------------- work
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_QUEUES = [Queue(name) for name in ("trading", "market", "compute", "default")]
CELERY_TASK_ROUTES = {
    "trading.tasks.*": {"queue": "trading"},
    "marketdata.tasks.*": {"queue": "market"},
    "backtests.tasks.*": {"queue": "compute"},
}
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "jobs-requeue-lost": {"task": "operations.tasks.jobs_requeue_lost", "schedule": 15.0},
    "probes-run": {"task": "operations.tasks.probes_run", "schedule": 30.0},
    "ledger-verify": {"task": "portfolio.tasks.ledger_verify_all", "schedule": 900.0},
}
JOB_KINDS = {"backtest": {"task": "backtests.tasks.backtest_execute", "queue": "compute"}}
COMPUTE_IN_POOL: bool = _read("COMPUTE_IN_POOL", _boolean, EMBEDDED, "true or false")
HEALTH_PROBES = [
    "operations.checks.probe_database",
    "operations.checks.probe_cache",
    "operations.checks.probe_worker",
    "marketdata.checks.probe_lake",
    "trading.checks.probe_dispatcher",
    "trading.checks.probe_replay",
]

# ---------------------------------------------------------------- market
LAKE_URL: str = os.environ.get("LAKE_URL", "").strip() or str(DATA_DIR / "lake")
PANEL_DIR = DATA_DIR / "panels"
QUOTE_SOURCE: str = _read("QUOTE_SOURCE", _choice("replay", "yfinance"), "replay", "replay or yfinance")
MARKETDATA_FEED_RESOLVER = "quantsite.selectors.feed_for_request"
MARKETDATA_PROVIDERS = {
    "sample": "marketdata.providers.sample.SampleProvider",
    "file": "marketdata.providers.file.FileProvider",
    "yfinance": "marketdata.providers.yahoo.YahooProvider",
}

# ---------------------------------------------------------------- trading
STRATEGIES: list[str] = [
    "trading.strategies.sma_cross.SmaCross",
    "trading.strategies.donchian.Donchian",
    "trading.strategies.rsi_reversion.RsiReversion",
    "trading.strategies.buy_and_hold.BuyAndHold",
    *_read("EXTRA_STRATEGIES", _list, [], "dotted.path.Class,dotted.path.Class"),
]
BROKERS = {"paper": "trading.brokers.paper.PaperBroker"}
SEND_TIMEOUT_S: float = _read("SEND_TIMEOUT_S", _positive, 5.0, "seconds, above 0 and under 86400")
EVALUATION_REQUEUE_S: float = _read("EVALUATION_REQUEUE_S", _positive, 5.0, "seconds, above 0 and under 86400")
EVALUATION_FAIL_S: float = _read("EVALUATION_FAIL_S", _positive, 60.0, "seconds, above 0 and under 86400")
STOP_DRAIN_TIMEOUT_S: float = _read("STOP_DRAIN_TIMEOUT_S", _positive, 6.0, "seconds, above 0 and under 86400")
STOP_HOOKS = ["trading.services.stop.stop_void"]
ACCOUNT_LOCK_TIMEOUT_MS = 2000

# ---------------------------------------------------------------- people
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "users.services.ClosedSignupAdapter"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Quantsite"
USERSESSIONS_TRACK_ACTIVITY = False

# ---------------------------------------------------------------- programs
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "users.authentication.TokenAuthentication",
        "users.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["users.permissions.ScopePermission"],
    "DEFAULT_PARSER_CLASSES": ["operations.parsers.ExactJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "operations.pagination.PageNumberPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "operations.views.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
MIGRATION_MODULES = {"knox": None}  # its own token table is not used: ours is users.ApiToken
KNOX_TOKEN_MODEL = "users.ApiToken"  # noqa: S105 - a model's name
REST_KNOX = {"TOKEN_MODEL": "users.ApiToken", "TOKEN_TTL": None, "AUTO_REFRESH": False}
SPECTACULAR_SETTINGS = {
    "TITLE": "Quantsite",
    "DESCRIPTION": "Accounts, orders, strategies, risk and market data of a quantitative trading site.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "AccountKindEnum": "portfolio.models.AccountKind",
        "InstrumentKindEnum": "marketdata.models.Instrument.Kind",
        "AccountRoleEnum": "portfolio.models.Role",
        "SideEnum": ["BUY", "SELL"],
    },
}

# ---------------------------------------------------------------- files
STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", "").strip() or DATA_DIR / "staticfiles")
STATICFILES_DIRS: list[Any] = [BASE_DIR / "static"]
_charts = BASE_DIR / "node_modules" / "lightweight-charts" / "dist"
if _charts.is_dir():
    STATICFILES_DIRS.append(("vendor/lightweight-charts", _charts))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "quantsite.static_storage.StaticStorage"},
}
MEDIA_ROOT = DATA_DIR / "media"

# ---------------------------------------------------------------- security
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = False  # pages send it back as X-CSRFToken
SESSION_COOKIE_SAMESITE = "Lax"
if PRODUCTION:
    SECURE_SSL_REDIRECT = _read("SECURE_SSL_REDIRECT", _boolean, True, "true or false")
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^health$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

# ---------------------------------------------------------------- words and clocks
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

# ---------------------------------------------------------------- logs
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_LEVEL: str = _read("LOG_LEVEL", _choice(*_LEVELS), "INFO", ", ".join(_LEVELS))
LOG_JSON: bool = _read("LOG_JSON", _boolean, PRODUCTION, "true or false")
LOGGING_CONFIG = "quantsite.logs.configure"
LOGGING = {"level": LOG_LEVEL, "json": LOG_JSON, "directory": str(DATA_DIR / "logs")}
DJANGO_STRUCTLOG_CELERY_ENABLED = False
