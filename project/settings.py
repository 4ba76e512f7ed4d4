"""Settings. Each is an environment variable with a default (see the table in README.md)."""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import dj_database_url
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from .env import (
    choice,
    create_private_dir,
    credential_keys,
    ensure_secret,
    env,
    integer,
    new_secret_key,
    origin,
    read,
    time_zone,
)

BASE_DIR = Path(__file__).resolve().parent.parent
_data_dir = Path(read(env.str, "DATA_DIR", default=str(BASE_DIR / "var")))
DATA_DIR = create_private_dir(_data_dir.resolve())

# ---- The site -------------------------------------------------------------------------------

DEBUG = read(env.bool, "DEBUG", default=False)
HOST = read(env.str, "HOST", default="127.0.0.1")
PORT = integer("PORT", 8000, low=1, high=65535)
PUBLIC_URL = origin("PUBLIC_URL", f"http://127.0.0.1:{PORT}")
WORKERS = integer("WORKERS", 4, low=2, high=64)
WEB_THREADS = integer("WEB_THREADS", 32, low=2, high=512)

# For a host that loses DATA_DIR at a restart.
INSTANCE_ID = read(env.str, "INSTANCE_ID", default="")
SECRET_KEY = ensure_secret("SECRET_KEY", DATA_DIR / "keys" / "secret_key", new_secret_key)
CREDENTIAL_KEYS = credential_keys("CREDENTIAL_KEYS", DATA_DIR / "keys" / "credential_keys")

ALLOWED_HOSTS = list(
    {urlsplit(PUBLIC_URL).hostname or "", "127.0.0.1", "localhost", "[::1]"}
    | set(read(env.list, "ALLOWED_HOSTS", default=[]))
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = False  # the TLS proxy redirects; health checks use plain HTTP
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
SECURE_REFERRER_POLICY = "same-origin"
if read(env.bool, "BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # see SECURE_SSL_REDIRECT
if not SECURE:  # PUBLIC_URL says that plain HTTP is intended
    SILENCED_SYSTEM_CHECKS += ["security.W004", "security.W012", "security.W016"]
else:
    SILENCED_SYSTEM_CHECKS += ["security.W005", "security.W021"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "django_q",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "generations",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "generations.web.team.accounts.RequireSecondStep",
    "generations.web.team.teams.remember_team",
    "generations.web.offers.read_offers_once",
]
ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["project.templates.Loader", "django.template.loaders.app_directories.Loader"],
                ),
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "generations.web.layout.shell.shell",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---- Database, cache, queue -----------------------------------------------------------------

DATABASE_URL = read(env.str, "DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'rushes.sqlite3'}")
try:
    DATABASES = {"default": dj_database_url.parse(DATABASE_URL)}
except (ValueError, dj_database_url.ParseError) as error:
    raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {error}") from error
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # A transaction that first reads and then writes would fail at once where another one wrote
        # in between; one that takes the lock at its beginning waits up to the timeout.
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        # FULL, because "this leaves now" must outlast a power cut that comes after the paid POST.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["CONN_MAX_AGE"] = 60

REDIS_URL = read(env.str, "REDIS_URL", default="")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # It counts login attempts; beyond this many entries it drops some counters too early.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

JOB_SECONDS = 180
_ROUNDS = -(-(WORKERS + 1) // WORKERS) + 1
Q_CLUSTER = {
    "name": "rushes",
    "workers": WORKERS,
    "timeout": JOB_SECONDS,
    # A job is started again only when it cannot still run or wait in a worker's queue.
    "retry": _ROUNDS * (JOB_SECONDS + 3) + 30,
    "queue_limit": WORKERS,
    "bulk": 1,
    "poll": 0.1,
    # The queue does not repeat a job that failed: the sweep finds what is left to do.
    "ack_failures": True,
    "max_attempts": 1,
    "catch_up": False,  # after a pause a schedule runs once, not once for each time that it missed
    "save_limit": -1,  # no row is kept of a job that went well
    "guard_cycle": 0.5,
    "label": "Jobs",
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
}

# ---- Files ----------------------------------------------------------------------------------

STORAGE_URL = read(env.str, "STORAGE_URL", default="")
MEDIA_ROOT = DATA_DIR / "media"
PARTIAL_DIR = DATA_DIR / "partial"
MIN_FREE_MB = integer("MIN_FREE_MB", 1000, low=0, high=10**9)  # below it nothing new is ordered
MEDIA_ACCEL = read(env.str, "MEDIA_ACCEL", default="")  # nginx location for X-Accel-Redirect


def _file_storage(url: str) -> dict[str, object]:
    if not url:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise ImproperlyConfigured(f"STORAGE_URL is {url!r}; it must look like s3://bucket/prefix.")
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": parts.netloc,
            "location": parts.path.lstrip("/"),
            "endpoint_url": query.get("endpoint"),
            "region_name": query.get("region"),
            "file_overwrite": False,
            "signature_version": "s3v4",
            "querystring_expire": 3600,
        },
    }


STORAGES = {
    "default": _file_storage(STORAGE_URL),
    "staticfiles": {"BACKEND": "project.static.StaticStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# ---- Outgoing connections -------------------------------------------------------------------

ALLOW_PRIVATE_ADDRESSES = read(env.bool, "ALLOW_PRIVATE_ADDRESSES", default=False)
SANDBOX = read(env.bool, "SANDBOX", default=False)
SANDBOX_URL = origin("SANDBOX_URL", f"http://127.0.0.1:{min(PORT + 1, 65535)}")

# ---- People ---------------------------------------------------------------------------------

AUTH_USER_MODEL = "generations.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_REDIRECT_URL = "home"
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "generations.web.team.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {"login_failed": "10/5m/ip,5/5m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_REQUIRED = read(env.bool, "MFA_REQUIRED", default=False)

MAIL_HOST = read(env.str, "EMAIL_HOST", default="")
MAIL_PORT = integer("EMAIL_PORT", 587, low=1, high=65535)
MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": MAIL_HOST,
            "port": MAIL_PORT,
            "username": read(env.str, "EMAIL_USER", default=""),
            "password": read(env.str, "EMAIL_PASSWORD", default=""),
            "use_tls": read(env.bool, "EMAIL_TLS", default=True),
        },
    }
    if MAIL_HOST
    else {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
}
DEFAULT_FROM_EMAIL = read(env.str, "EMAIL_FROM", default="rushes@localhost")

# ---- Language and time ----------------------------------------------------------------------

LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LANGUAGE_CODE = choice("LANGUAGE_CODE", "en", ("en", "zh-hans"))
LOCALE_PATHS = [BASE_DIR / "generations" / "locale"]
TIME_ZONE = time_zone("TIME_ZONE", "UTC")
USE_TZ = True
FORMAT_MODULE_PATH = None

# ---- Logs -----------------------------------------------------------------------------------

LOG_LEVEL = choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    # Also for what Django logs: JSON would hold the names of the classes and no traceback.
    structlog.processors.format_exc_info,
]
_RENDER: Any = (
    structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    if DEBUG or sys.stderr.isatty() or os.environ.get("LOG_FORMAT") == "text"
    else structlog.processors.JSONRenderer(ensure_ascii=False)
)
structlog.configure(
    processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _SHARED,
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _RENDER],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # httpx logs whole URLs; a signed URL is a secret while it is valid.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "django.server": {"level": "WARNING", "propagate": True},
        "django-q": {"level": "WARNING"},  # it logs every job twice
    },
}
