"""The app's own settings, but quick and apart: a temporary SQLite file (TEST_DATABASE=postgres: a PostgreSQL server),
temporary folders, no broker, and no setting taken from whoever runs the tests."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path

import dj_database_url
from decouple import Config, RepositoryEmpty

from config import env

SCRATCH = Path(tempfile.mkdtemp(prefix="images-tests-"))
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)

env.read = Config(RepositoryEmpty())  # no .env
for name in re.findall(r'env\.\w+\(\s*"([A-Z0-9_]+)"', (env.BASE_DIR / "config" / "settings.py").read_text()):
    os.environ.pop(name, None)
os.environ["SECRET_KEY"] = "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKL"
os.environ["VAR_DIR"] = str(SCRATCH)

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, POSTGRES_OPTIONS, STORAGES  # noqa: E402

if os.environ.get("TEST_DATABASE") == "postgres":
    from tests.services import postgres_for_tests

    DATABASES["default"] = dict(dj_database_url.parse(postgres_for_tests().url))
    DATABASES["default"]["OPTIONS"] = POSTGRES_OPTIONS
else:
    # A file, not memory: threads then meet the same locks as in the running app.
    DATABASES["default"]["TEST"] = {"NAME": str(SCRATCH / "test.sqlite3")}

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.02}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT = SCRATCH / "static"
STATIC_ROOT.mkdir()
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
