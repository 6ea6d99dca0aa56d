"""The operator's room, in Django's own admin."""

from __future__ import annotations

from django.contrib import admin

from images.admin import jobs, pictures, records  # noqa: F401  (registers them)

admin.site.site_header = admin.site.site_title = "Image generator"
admin.site.enable_nav_sidebar = False  # the tables need the room
admin.site.index_title = "What is there"
