"""Every setting is documented, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READ = re.findall(r'env\.\w+\(\s*"([A-Z0-9_]+)"', (ROOT / "config" / "settings.py").read_text(encoding="utf-8"))
FROM_THE_HOST = {"HEROKU_APP_DEFAULT_DOMAIN_NAME", "REPLIT_DEV_DOMAIN", "REPLIT_DOMAINS"}
READ_ELSEWHERE = {"VAR_DIR", "HOST", "PORT", "WEB_CONCURRENCY"}
SETTINGS = sorted(set(READ) - FROM_THE_HOST | READ_ELSEWHERE)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_stands_in_the_readme_and_in_the_example(name: str) -> None:
    assert f"| `{name}`" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"# {name}=" in (ROOT / ".env.example").read_text(encoding="utf-8")


def test_no_other_setting_is_promised() -> None:
    promised = re.findall(r"^\| `([A-Z0-9_]+)`", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    assert sorted(promised) == SETTINGS
