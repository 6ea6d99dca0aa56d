"""Reads settings from the environment or .env. A bad value is noted in `problems`, so that a check can name it."""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from decouple import Config, RepositoryEmpty, RepositoryEnv

BASE_DIR = Path(__file__).resolve().parent.parent
ENCODING = "utf-8-sig"  # Windows puts a mark in front, which would become part of the first name


def of_file(path: Path) -> Config:
    """This file only: decouple's own search goes on upwards, and there another project's .env may name its database."""
    try:
        return Config(RepositoryEnv(str(path), ENCODING) if path.is_file() else RepositoryEmpty())
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"The start was stopped. The file .env cannot be read: save it as UTF-8 text ({error}).")


read = of_file(BASE_DIR / ".env")
problems: list[str] = []
HOST = re.compile(r"\*|\.?[\w-]+(\.[\w-]+)*\.?|\[[0-9a-fA-F:.]+\]")
ORIGIN = re.compile(r"https?://(\*\.)?[\w-]+(\.[\w-]+)*(:\d{1,5})?|https?://\[[0-9a-fA-F:.]+\](:\d{1,5})?")
RATE = re.compile(r"0*[1-9][0-9]* *(/|per) *(0*[1-9][0-9]*)? *(second|minute|hour|day|month|year)s?", re.IGNORECASE)
SWITCHES = dict.fromkeys(("1", "on", "true", "yes"), True) | dict.fromkeys(("0", "off", "false", "no"), False)
ADDRESSES = {  # what it must match, and what it looks like
    "http": (r"https?://[^/\s]\S*", "https://example.com"),
    "postgres": (r"postgres(ql)?://[^/?#\s]*/[^?#\s]+(\?\S*)?", "postgres://user:password@host/database-name"),
    "sqlite": (r"sqlite:///[^?#\s]+(\?\S*)?", "sqlite:///path/of/the/file"),
    "redis": (r"rediss?://[^/?#\s]*(/[0-9]*)?(\?\S*)?", "redis://host:6379/0"),
}
T = TypeVar("T")
hidden: set[str] = set()  # secrets that no log line may show


def text(name: str, default: str = "") -> str:
    """An empty value is the default, for a host's form or a copied .env may hold one."""
    return given(name, default) or default


def given(name: str, default: str) -> str:
    return str(read(name, default=default)).strip()


def var_dir() -> Path:
    return BASE_DIR / text("VAR_DIR", "var")


def refused(name: str, wanted: str, raw: str, default: T) -> T:
    problems.append(f"{name} must be {wanted}, not “{raw}”.")
    return default


def number(name: str, default: int, least: int, most: int) -> int:
    raw = text(name, str(default))
    if re.fullmatch(r"-?\d{1,20}", raw) and least <= int(raw) <= most:
        return int(raw)
    return refused(name, f"a whole number from {least} to {most}", raw, default)


def switch(name: str, default: bool) -> bool:
    raw = text(name, "on" if default else "off").lower()
    return SWITCHES[raw] if raw in SWITCHES else refused(name, "on or off", raw, default)


def choice(name: str, default: str, allowed: Iterable[str]) -> str:
    raw = text(name, default)
    return raw if raw in allowed else refused(name, f"one of {', '.join(allowed)}", raw, default)


def url(name: str, default: str = "", schemes: Iterable[str] = ("http",)) -> str:
    """An address of one of these ADDRESSES. The value is not repeated, for it may hold a password."""
    raw = text(name, default).rstrip("/")
    if not raw or (can_be_read(raw) and any(re.fullmatch(ADDRESSES[scheme][0], raw) for scheme in schemes)):
        return raw
    examples = " or ".join(ADDRESSES[scheme][1] for scheme in schemes)
    problems.append(f"{name} must look like {examples} (with %20 for a space).")
    return default


def can_be_read(address: str) -> bool:
    """Whether its parts can be told from each other; a password in it becomes a secret."""
    try:
        parts = urlsplit(address)
        hidden.add(parts.password or "")
        return parts.port != 0  # reading the port checks it
    except ValueError:
        return False


def rate(name: str, default: str) -> str:
    """How often: "30/minute", "5 per 10 seconds", several with ";" between them; empty is no limit."""
    raw = given(name, default)
    if not raw or all(RATE.fullmatch(part.strip()) for part in re.split("[,;|]", raw)):
        return raw
    return refused(name, "like 30/minute or 500/day, or empty for no limit", raw, default)


def hosts(name: str, default: str = "") -> list[str]:
    """Names without scheme, port and path; "*" and ".example.com" are allowed."""
    return readable(name, words(name, default), HOST, "host names like pictures.example.com")


def origins(name: str) -> list[str]:
    found = [origin.rstrip("/") for origin in words(name)]
    return readable(name, found, ORIGIN, "addresses like https://pictures.example.com")


def readable(name: str, found: list[str], form: re.Pattern[str], wanted: str) -> list[str]:
    wrong = [part for part in found if not form.fullmatch(part)]
    problems.extend(f"{name} takes {wanted}, not “{part}”." for part in wrong)
    return [part for part in found if part not in wrong]


def words(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def secret(name: str) -> str:
    """The value of NAME, or what the file named by NAME_FILE holds. It is kept out of every log line."""
    value = _read_secret(name)
    hidden.add(value)
    return value


def _read_secret(name: str) -> str:
    path = text(f"{name}_FILE")
    if not path or text(name):
        return text(name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{name}_FILE points to a file that cannot be read: {error}.")
        return ""


def ensure_secret_key() -> None:
    """Make a key once and keep it in the var folder, for whoever starts the app with manage.py."""
    if text("SECRET_KEY") or text("SECRET_KEY_FILE"):
        return
    path = var_dir() / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
    os.environ["SECRET_KEY_FILE"] = str(path)
