"""The same job through django-rq: a view queues it in Redis, RQ's workers draw, the page asks for its state.

Settings and addresses for gunicorn and `django-admin rqworker-pool`; they need PROVIDER_URL, REDIS_URL and FOLDER.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import requests
from django.http import FileResponse, HttpRequest, JsonResponse
from django.urls import path

SECRET_KEY = "bench"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.bench.with_rq"
INSTALLED_APPS = ["django_rq"]
RQ_QUEUES = {"default": {"URL": os.environ["REDIS_URL"]}}
MODEL = "stabilityai/stable-diffusion-xl-base-1.0"


def draw(prompt: str, name: str) -> None:
    """What RQ's worker does."""
    url = f"{os.environ['PROVIDER_URL']}/hf-inference/models/{MODEL}"
    answer = requests.post(url, json={"inputs": prompt}, headers={"Authorization": "Bearer hf_bench"}, timeout=60)
    answer.raise_for_status()
    file_of(name).write_bytes(answer.content)


def file_of(name: str) -> Path:
    return Path(os.environ["FOLDER"]) / f"{name}.jpg"


def generate(request: HttpRequest) -> JsonResponse:
    import django_rq

    name = os.urandom(8).hex()
    django_rq.enqueue(draw, request.POST["prompt"], name, job_id=name)
    return JsonResponse({"id": name})


def status(_request: HttpRequest, name: str) -> JsonResponse:
    import django_rq

    job: Any = django_rq.get_queue().fetch_job(name)
    return JsonResponse({"done": job.is_finished, "failed": job.is_failed})


def file(_request: HttpRequest, name: str) -> FileResponse:
    return FileResponse(file_of(name).open("rb"))


urlpatterns = [path("generate/", generate), path("status/<str:name>/", status), path("file/<str:name>/", file)]
