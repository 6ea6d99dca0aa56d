"""Bad settings, each as one sentence that says what to change."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kombu import Connection
from redis import ConnectionPool, RedisError

from config import env, settings

LONGEST_MODEL = 120  # characters that the table of jobs can hold


def find() -> list[str]:
    found = list(env.problems)
    if not settings.SECRET_KEY:
        found.append("SECRET_KEY is not set: set it to a long random text (or use “make run”, which makes one).")
    if settings.IMAGE_PROVIDER == "huggingface" and not settings.HF_TOKEN:
        found.append("IMAGE_PROVIDER is huggingface but HF_TOKEN is empty: set HF_TOKEN, or IMAGE_PROVIDER=demo.")
    if settings.IMAGE_PROVIDER == "openai" and settings.HF_MODEL == settings.DEFAULT_MODEL:
        found.append("IMAGE_PROVIDER is openai: set HF_MODEL to a model of that server, for example gpt-image-1.")
    if settings.IMAGE_STORAGE == "s3" and not settings.S3_OPTIONS["bucket_name"]:
        found.append("IMAGE_STORAGE is s3 but S3_BUCKET is empty: set it to the name of the bucket.")
    found += model_problems() + folder_problems() + redis_problems()
    if settings.HTTPS and settings.DEBUG:
        found.append("DEBUG and HTTPS are both on: switch DEBUG off on a public site.")
    return found


def model_problems() -> list[str]:
    listed = [("HF_MODELS", entry.partition("=")[0]) for entry in settings.HF_MODELS]
    return [
        f"{name} names a model with more than {LONGEST_MODEL} characters: use a shorter name."
        for name, model in [("HF_MODEL", settings.HF_MODEL), *listed]
        if len(model) > LONGEST_MODEL
    ]


def folder_problems() -> list[str]:
    """Of the folders that this process will write to."""
    folders = {"VAR_DIR": settings.VAR_DIR}
    if settings.IS_SQLITE and (name := settings.DATABASES["default"]["NAME"]) != ":memory:":
        folders["DATABASE_URL"] = Path(name).parent
    if settings.IMAGE_STORAGE == "filesystem":
        folders["MEDIA_ROOT"] = Path(settings.MEDIA_ROOT)
    return [f"{name} names a folder that cannot be written to." for name, path in folders.items() if not writable(path)]


def redis_problems() -> list[str]:
    """With an option that is unknown to Celery or to Redis' own client, the web takes jobs that nobody draws."""
    if not settings.REDIS_URL:
        return []
    try:  # connects to nothing yet
        Connection(settings.REDIS_URL)
        ConnectionPool.from_url(settings.REDIS_URL).make_connection()
    except (TypeError, KeyError, ValueError, RedisError):
        return ["REDIS_URL has an option after the “?” that is not understood: correct it or leave it out."]
    return []


def writable(folder: Path) -> bool:
    """Whether it is there and takes files, or can be made."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def stop_if_any() -> None:
    """Every process comes by here, because the Celery app calls it: the web, workers, and all commands of manage.py."""
    if found := find():
        sys.exit("The start was stopped. " + " ".join(found))
