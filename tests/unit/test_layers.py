"""A module uses only what is below it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# From the top down. A module may import from its own entry and from every later one.
LAYERS = [
    ("config.urls", "config.gunicorn"),
    ("images.middleware",),
    ("images.admin", "images.management"),
    ("images.views.actions", "images.views.generate", "images.views.people", "images.views.selection"),
    ("images.views.pages", "images.views.status", "images.views.files", "images.views.health"),
    ("images.views.errors",),
    ("images.identity", "images.answers", "images.health", "images.metrics"),
    ("workers.operations",),
    ("images.jobs",),
    ("images.gallery",),
    ("workers.steps",),
    ("workers.sweeper",),
    ("workers.tasks", "workers.janitor"),
    ("workers.leases", "workers.failures", "workers.mistakes", "workers.thumbnails", "images.words"),
    ("images.status", "images.forms"),
    ("workers.backends", "workers.database", "workers.order"),
    ("images.metadata", "images.usage", "images.limits", "workers.retry"),
    ("images.storage", "images.estimates", "images.presets", "images.matching", "images.search"),
    ("images.files", "images.pace", "images.disk_storage", "images.s3_storage", "images.database_storage"),
    ("workers.providers",),
    ("images.models",),
    ("images.apps", "images.templatetags", "images.migrations", "images.locale"),
    ("config",),
]
PACKAGES = ("config", "images", "workers")
SENDS = re.compile(r"\.(delay|apply_async)\(")


def layer(module: str) -> int:
    """The number of the longest entry that names the module or a package above it."""
    named = [
        (len(entry), number)
        for number, entries in enumerate(LAYERS)
        for entry in entries
        if module == entry or module.startswith(f"{entry}.")
    ]
    assert named, f"{module} stands in no layer"
    return max(named)[1]


def modules() -> list[Path]:
    found = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [path for path in found if path.name != "__init__.py" and path.parent.name != "migrations"]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imported(path: Path) -> set[str]:
    """Every module of ours that this file imports, at the top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {resolve(node.module, alias.name) for alias in node.names}
    return {name for name in found if name.split(".")[0] in PACKAGES}


def resolve(module: str, name: str) -> str:
    path = ROOT.joinpath(*module.split("."), name)
    return f"{module}.{name}" if path.with_suffix(".py").exists() or path.is_dir() else module


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_a_module_imports_only_from_its_own_layer_or_below(path: Path) -> None:
    own = layer(dotted(path))
    above = {name for name in imported(path) if name not in PACKAGES and layer(name) < own}
    assert not above, f"{dotted(path)} imports from above: {above}"


def test_the_providers_know_neither_django_nor_celery() -> None:
    for path in (ROOT / "workers" / "providers").rglob("*.py"):
        roots = {name.split(".")[0] for name in all_imports(path)}
        assert not roots & {"django", "celery", "kombu", "config", "images"}, path


def test_only_jobs_operations_and_the_sweeper_enqueue() -> None:
    senders = {dotted(path) for path in modules() if SENDS.search(path.read_text(encoding="utf-8"))}
    assert senders <= {"images.jobs", "workers.sweeper", "workers.operations"}


def all_imports(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
