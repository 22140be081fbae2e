"""Settings of the test run: a data folder of its own, and only the servers that ``TEST_*`` names."""

import os
import tempfile

for _name in ("DATABASE_URL", "REDIS_URL", "MIGRATE_DATABASE_URL", "PRODUCTION", "DEBUG", "LAKE_URL"):
    os.environ.pop(_name, None)
for _name in ("DATABASE_URL", "REDIS_URL"):
    if os.environ.get(f"TEST_{_name}"):
        os.environ[_name] = os.environ[f"TEST_{_name}"]
os.environ["QUANTSITE_ENV_FILE"] = os.devnull
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="quantsite-test-")
os.environ.setdefault("LOG_LEVEL", "ERROR")

from quantsite.settings import *  # noqa: E402, F403
from quantsite.settings import DATABASES, STORAGES  # noqa: E402

STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
COMPUTE_IN_POOL = False
if "sqlite" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON;"
