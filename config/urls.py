from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from django.views.i18n import JavaScriptCatalog

from images.admin import control
from images.views import actions, files, generate, health, pages, people, selection, status

handler400 = "images.views.errors.bad_request"
handler403 = "images.views.errors.forbidden"
handler404 = "images.views.errors.not_found"
handler500 = "images.views.errors.server_error"

# The scripts' words in the browser's language; LOCALE_PATHS is looked through in any case.
script_words = conditional_page(JavaScriptCatalog.as_view(packages=["images"]))
script_words = cache_control(private=True, max_age=3600)(script_words)

urlpatterns = [
    path("", pages.home, name="home"),
    path("generate/", generate.generate, name="generate"),
    path("status/", status.status_many, name="status_many"),
    path("status/<uuid:pk>/", status.status, name="status"),
    path("gallery/", pages.gallery_page, name="gallery"),
    path("images/<uuid:pk>/", pages.picture, name="picture"),
    path("images/<uuid:pk>/file", files.file, name="file"),
    path("images/<uuid:pk>/thumbnail", files.thumbnail, name="thumbnail"),
    path("download/<uuid:pk>/", files.download, name="download"),
    path("delete/<uuid:pk>/", actions.delete, name="delete"),
    path("restore/<uuid:pk>/", actions.restore, name="restore"),
    path("retry/<uuid:pk>/", actions.retry, name="retry"),
    path("cancel/<uuid:pk>/", actions.cancel, name="cancel"),
    path("star/<uuid:pk>/", actions.star, name="star"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("bulk/", selection.bulk, name="bulk"),
    path("zip/", selection.zip_file, name="zip"),
    path("privacy/", people.privacy, name="privacy"),
    path("forget-me/", people.forget_me, name="forget_me"),
    path("login/", people.Login.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("jsi18n/", login_not_required(script_words), name="jsi18n"),
    path("metrics", health.metrics, name="metrics"),
    path("admin/control/", control.control, name="control"),
    path("admin/login/", people.Login.as_view()),  # before the admin's own, which lets everybody try for ever
    path("admin/", admin.site.urls),
]
