"""All settings, from the environment or .env; each is described in README.md and .env.example."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import dj_database_url
from kombu import Queue

from config import env

BASE_DIR = env.BASE_DIR
VAR_DIR = env.var_dir()

# The site
SECRET_KEY = env.secret("SECRET_KEY")
DEBUG = env.switch("DEBUG", False)
HOSTED_ON = env.text("HEROKU_APP_DEFAULT_DOMAIN_NAME") or env.text("REPLIT_DEV_DOMAIN")
PUBLIC_HOSTS = [host for host in [HOSTED_ON, *env.words("REPLIT_DOMAINS")] if host]
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]") + PUBLIC_HOSTS
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS") + [f"https://{host}" for host in PUBLIC_HOSTS]
HTTPS = env.switch("HTTPS", bool(PUBLIC_HOSTS))
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 1 if PUBLIC_HOSTS else 0, 0, 10)
LOGIN_REQUIRED = env.switch("LOGIN_REQUIRED", False)
GALLERY = env.choice("GALLERY", "shared", ("shared", "private"))
RATE_LIMIT = env.rate("RATE_LIMIT", "30/minute")
KEEP_DAYS = env.number("KEEP_DAYS", 0, 0, 36500)
METRICS_TOKEN = env.secret("METRICS_TOKEN")
LOG_FORMAT = env.choice("LOG_FORMAT", "text", ("text", "json"))

# Who draws
IMAGE_PROVIDER = env.choice("IMAGE_PROVIDER", "auto", ("auto", "huggingface", "openai", "demo"))
HF_TOKEN = env.secret("HF_TOKEN")
DEFAULT_MODEL = "stabilityai/stable-diffusion-xl-base-1.0"
HF_MODEL = env.text("HF_MODEL", DEFAULT_MODEL)
HF_MODELS = env.words("HF_MODELS")
HF_PROVIDER = env.text("HF_PROVIDER", "auto")
HF_ROUTER_URL = env.url("HF_ROUTER_URL", "https://router.huggingface.co")
HF_HUB_URL = env.url("HF_HUB_URL", "https://huggingface.co")
HF_BILL_TO = env.text("HF_BILL_TO")
OPENAI_BASE_URL = env.url("OPENAI_BASE_URL", "https://api.openai.com")
OPENAI_API_KEY = env.secret("OPENAI_API_KEY")
REFUSE_BLACK_PICTURES = env.switch("REFUSE_BLACK_PICTURES", True)
MONTHLY_CHARACTER_BUDGET = env.number("MONTHLY_CHARACTER_BUDGET", 30_000, 0, 10**12)

# Jobs
WORKER_CONCURRENCY = env.number("WORKER_CONCURRENCY", 16, 1, 256)
WORKER_GRACE = env.number("WORKER_GRACE", 25, 0, 3600)
MAX_ATTEMPTS = env.number("MAX_ATTEMPTS", 5, 1, 50)
MAX_WAITING = env.number("MAX_WAITING", 100, 1, 100_000)
JOB_DEADLINE = env.number("JOB_DEADLINE", 180, 5, 3600)
LEASE = timedelta(seconds=30)
HEARTBEAT_SECONDS = 10.0
SWEEP_SECONDS = 10.0
MAX_JOB_AGE = timedelta(hours=24)
TRASH_DAYS = 7

# Where things are kept
DATABASE_URL = env.url("DATABASE_URL", f"sqlite:///{quote(str(VAR_DIR / 'db.sqlite3'))}", ("postgres", "sqlite"))
REDIS_URL = env.url("REDIS_URL", schemes=("redis",))
IMAGE_STORAGE = env.choice("IMAGE_STORAGE", "filesystem", ("filesystem", "s3", "database"))
MEDIA_ROOT = env.text("MEDIA_ROOT", str(VAR_DIR / "media"))
S3_OPTIONS = {
    "bucket_name": env.text("S3_BUCKET"),
    "endpoint_url": env.url("S3_ENDPOINT_URL") or None,
    "region_name": env.text("S3_REGION") or None,
    # Under boto3's own names; without them it looks where it always does (a profile, the machine's role).
    "access_key": env.secret("AWS_ACCESS_KEY_ID") or None,
    "secret_key": env.secret("AWS_SECRET_ACCESS_KEY") or None,
}
PICTURE_STORAGES: dict[str, dict[str, Any]] = {
    "filesystem": {"BACKEND": "images.disk_storage.DurableFileSystemStorage"},
    "s3": {"BACKEND": "images.s3_storage.BucketStorage", "OPTIONS": S3_OPTIONS},
    "database": {"BACKEND": "images.database_storage.DatabaseStorage"},
}
STATIC_ROOT = BASE_DIR / "staticfiles"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": PICTURE_STORAGES[IMAGE_STORAGE],
    "staticfiles": {"BACKEND": "config.staticfiles.HashedStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

SQLITE_OPTIONS = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
POSTGRES_OPTIONS = {
    "connect_timeout": 3,
    # A server that vanished without a word is noticed within half a minute.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20000,
    "options": "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000",
}
DATABASES: dict[str, Any] = {
    "default": dict(dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True))
}
IS_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
DATABASES["default"].setdefault("OPTIONS", {}).update(SQLITE_OPTIONS if IS_SQLITE else POSTGRES_OPTIONS)
if not IS_SQLITE:
    DATABASES["default"]["ENGINE"] = "config.postgres"  # hands open connections on between a worker's threads
# A pool in front (PgBouncer) gives the connection to others after each transaction, and the cursor with it.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "images",
        "OPTIONS": {
            "socket_timeout": 1,
            "socket_connect_timeout": 1,
            "serializer": "django.core.signing.JSONSerializer",  # not pickle: who writes to Redis runs no code here
        },
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": VAR_DIR / "cache"}
}

# Celery: the message is only a wake-up, the row is the job, so a message may be lost or come twice.
CELERY_BROKER_URL = REDIS_URL or "memory://"
REDIS_OPTIONS: dict[str, Any] = {
    "ack_emulation": False,  # a lost wake-up is sent again by the sweeper; acks cost two round trips each
    "socket_timeout": 1.5,  # a hung Redis must not hold a web thread; must stay above BRPOP's 1 s
    "socket_connect_timeout": 1.5,
    "socket_keepalive": True,  # a Redis that vanished without a word is noticed within half a minute
    "health_check_interval": 10,
    "max_retries": 0,  # a submit while Redis hangs takes one timeout; the sweeper tries again
    "global_keyprefix": "images:",  # another app may use the same Redis
}
CELERY_BROKER_TRANSPORT_OPTIONS = REDIS_OPTIONS if REDIS_URL else {}
CELERY_IMPORTS = ["workers.tasks", "workers.steps", "workers.operations"]
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for ever; the default gives up after 100
CELERY_BROKER_CONNECTION_TIMEOUT = 2  # seconds that a web thread may be held
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 2  # the default waits for ever
CELERY_TASK_PUBLISH_RETRY = False  # a submit does not wait for the broker; the sweeper sends again
CELERY_TASK_IGNORE_RESULT = True  # the job's row says it all
CELERY_TASK_DEFAULT_QUEUE = "images"
CELERY_TASK_QUEUES = [Queue("images"), Queue("operations")]  # an operator does not wait behind ten thousand pictures
CELERY_TASK_ROUTES = {"operate": {"queue": "operations"}}
CELERY_WORKER_POOL = "threads"  # the work is waiting for HTTP: 16 calls at once in one process
CELERY_WORKER_CONCURRENCY = WORKER_CONCURRENCY
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # a wake-up held by a busy worker wakes nobody
CELERY_WORKER_DISABLE_PREFETCH = bool(REDIS_URL)  # nor may one be held when Redis dies: Celery 5.7.0 may end then
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # LOGGING below holds for workers too
CELERY_DB_REUSE_MAX = 10**9 if IS_SQLITE else 0  # to close SQLite's last connection costs a checkpoint: 5 ms and more
CELERY_RESULT_BACKEND = "django-db"  # for operators' tasks and unexpected errors only
CELERY_RESULT_EXTENDED = True  # with the task's name and arguments, for the admin
CELERY_RESULT_EXPIRES = timedelta(days=30)
CELERY_RESULT_BACKEND_MAX_RETRIES = 3  # then the result is given up: no task hangs because of it

# Django
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "config.staticfiles.LinkedFilesConfig",
    "bootstrap",
    "django_celery_results",
    "images",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "images.middleware.TextGZipMiddleware",
    "images.middleware.DefencesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "images.middleware.ReadableMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "images.middleware.MembersOnlyMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "images.middleware.VisitorMiddleware",  # within those that keep messages: it makes a page
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
            ],
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
DATA_UPLOAD_MAX_MEMORY_SIZE = 100_000  # bytes: a form with the longest prompts is far smaller

# The browser
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
DEFAULT_EXCEPTION_REPORTER = "config.debugging.RedactingReporter"
CSRF_FAILURE_VIEW = "images.views.errors.csrf_failure"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
CONTENT_SECURITY_POLICY = "; ".join(  # a page takes from this site only
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.LineFormatter", "json": LOG_FORMAT == "json"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "celery": {"level": "WARNING"},
        "django": {"level": "INFO"},  # without its own handler, which says everything once more with DEBUG
        "kombu": {"level": "ERROR"},
        "waitress": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "ERROR"},
    },
}
