"""Static files: our own, the admin's, and the few of Bootstrap's that a page links."""

from __future__ import annotations

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class LinkedFilesConfig(StaticFilesConfig):
    """Leaves out Bootstrap's scripts, its parts, what is not made small, and source maps."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        *("bootstrap/js/*", "bootstrap-*", "bootstrap.css", "bootstrap.rtl.css", "*.map"),
    ]


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names for JavaScript modules too; source maps are not shipped, so their mention is left alone."""

    support_js_module_import_aggregation = True
    patterns = (("*.css", CompressedManifestStaticFilesStorage.patterns[0][1][:2]),)
