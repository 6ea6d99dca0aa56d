"""Static files: our own, the admin's, and the few of Bootstrap's that a page links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import bootstrap
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

BOOTSTRAP_FILES = ("bootstrap/css/bootstrap.min.css", "bootstrap/css/bootstrap.rtl.min.css")


class BootstrapFinder(BaseFinder):
    """Finds BOOTSTRAP_FILES in the package, and none of its other files."""

    storage = FileSystemStorage(Path(bootstrap.__file__).parent / "static")

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = self.storage.path(path) if path in BOOTSTRAP_FILES else None
        return ([found] if found else []) if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        return ((name, self.storage) for name in BOOTSTRAP_FILES)


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names for JavaScript modules too; source maps are not shipped, so their mention is left alone."""

    support_js_module_import_aggregation = True
    patterns = (("*.css", CompressedManifestStaticFilesStorage.patterns[0][1][:2]),)
