"""An empty view, and one that inserts one row; with all of the app's middleware around them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config import urls
from images.models import Job


def empty(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    prompt = request.POST["prompt"]
    Job.objects.create(owner="bench", prompt=prompt, model="m", provider="demo", seed=1, status="canceled")
    return HttpResponse("ok")


urlpatterns = [path("bench/empty/", empty), path("bench/insert/", insert), *urls.urlpatterns]
