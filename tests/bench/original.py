"""The plan that this app began with, written small: the view waits for the provider and keeps base64 in the row.

`gunicorn tests.bench.original:application` with PROVIDER_URL and FOLDER in the environment.
"""

from __future__ import annotations

import base64
import os

import requests
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

if not settings.configured:
    settings.configure(
        SECRET_KEY="bench",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": f"{os.environ.get('FOLDER', '.')}/original.sqlite3",
                "CONN_MAX_AGE": 60,
                "OPTIONS": {"timeout": 20, "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"},
            }
        },
    )
session = requests.Session()
session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=64))


def generate(request: HttpRequest) -> HttpResponse:
    model = "stabilityai/stable-diffusion-xl-base-1.0"
    url = f"{os.environ['PROVIDER_URL']}/hf-inference/models/{model}"
    answer = session.post(url, json={"inputs": request.POST["prompt"]}, headers={"Authorization": "Bearer hf_bench"})
    data = f"data:image/jpeg;base64,{base64.b64encode(answer.content).decode()}"
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO picture (prompt, data) VALUES (%s, %s)", [request.POST["prompt"], data])
    return JsonResponse({"image": data})


def gallery(_request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT prompt, data FROM picture ORDER BY id DESC LIMIT 200")
        cards = [f'<figure><img src="{data}"><figcaption>{prompt}</figcaption></figure>' for prompt, data in cursor]
    return HttpResponse("<!doctype html>" + "".join(cards))


urlpatterns = [path("generate/", generate), path("gallery/", gallery)]
application = get_wsgi_application()
with connection.cursor() as made:
    made.execute("CREATE TABLE IF NOT EXISTS picture (id integer PRIMARY KEY, prompt text, data text)")
connection.close()  # before gunicorn forks
