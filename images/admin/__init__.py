"""The operator's room, in Django's own admin."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from images.admin import jobs, pictures, records  # noqa: F401  (registers them)

admin.site.site_header = admin.site.site_title = _("Image generator")
admin.site.enable_nav_sidebar = False  # the tables need the room
admin.site.index_title = _("What is there")
