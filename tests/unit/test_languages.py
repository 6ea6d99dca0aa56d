"""Every text is in the German catalogs, and who reads German gets it; everybody else gets English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.test import Client, RequestFactory
from django.utils import translation
from django.utils.translation.template import templatize
from django_celery_results.models import TaskResult

from images import presets
from images.files import MESSAGES
from images.forms import GenerateForm
from images.models import Job, ProviderState
from images.status import in_words, job_status
from images.views.errors import server_error
from tests.unit.factories import OWNER, failed_job, make_job, picture_job
from workers.mistakes import keep_traceback, run_name
from workers.providers.errors import KINDS
from workers.sweeper import stopped_workers

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "locale" / "de" / "LC_MESSAGES"
DOMAINS = ("django", "djangojs")
PLACE = re.compile(r"%\(\w+\)[sd]|\{\w+\}|<[^>]+>")
KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None, "ngettext": (1, 2)}
KEYWORDS |= {"pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2)}
LITERAL = r"""u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
IN_TEMPLATE = re.compile(rf"\b(_|gettext|ngettext|pgettext)\(\s*{LITERAL}(?:\s*,\s*{LITERAL})?")

Text = tuple[str, str]  # context and msgid
german = {"HTTP_ACCEPT_LANGUAGE": "de-AT,de;q=0.9,en;q=0.5"}
json_in_german = german | {"HTTP_ACCEPT": "application/json"}


# The catalogs


@cache
def catalog(domain: str) -> Catalog:
    with (FOLDER / f"{domain}.po").open("rb") as file:
        return read_po(file, locale="de")


def messages(domain: str) -> list[Message]:
    return [message for message in catalog(domain) if message.id]


def forms(text: Any) -> list[str]:
    """One text, or its singular and plural."""
    return list(text) if isinstance(text, tuple | list) else [text]


def key(message: Message) -> Text:
    context: Any = message.context or ""
    return context.decode() if isinstance(context, bytes) else context, forms(message.id)[0]


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_text_has_its_german(domain: str) -> None:
    assert not [m.id for m in messages(domain) if m.fuzzy or not all(forms(m.string))]
    assert not catalog(domain).obsolete
    assert len(messages(domain)) > 40


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_german_keeps_every_place_for_a_value(domain: str) -> None:
    for message in messages(domain):
        for one, other in zip(forms(message.id), forms(message.string), strict=True):
            assert sorted(PLACE.findall(one)) == sorted(PLACE.findall(other)), other


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_german_ends_like_the_english(domain: str) -> None:
    """A sentence stays a sentence, a label a label. A retry shows only the first sentence of two."""
    for message in messages(domain):
        for one, other in zip(forms(message.id), forms(message.string), strict=True):
            assert [one.endswith(end) for end in ".?:"] == [other.endswith(end) for end in ".?:"], other
            assert not re.search(r"\b(Sie|Ihr|Ihre|Ihnen)\b(?! bleiben)", other), other


@pytest.mark.parametrize("domain", DOMAINS)
def test_what_is_compiled_is_what_is_written(domain: str) -> None:
    with (FOLDER / f"{domain}.mo").open("rb") as file:
        compiled = {key(message): forms(message.string) for message in read_mo(file) if message.id}
    assert compiled == {key(message): forms(message.string) for message in messages(domain)}, "run: make messages"


# What is in the code


def called(folder: str, pattern: str, method: str) -> Iterator[Text]:
    for path in sorted((ROOT / folder).rglob(pattern)):
        with path.open("rb") as file:
            for _line, text, _comments, context in extract(method, file, KEYWORDS):
                yield context or "", forms(text)[0]


def in_templates() -> Iterator[Text]:
    """Django turns a template's texts into calls, for the same purpose."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for name, *literals in IN_TEMPLATE.findall(templatize(path.read_text(encoding="utf-8"))):
            first, second = (ast.literal_eval(literal) if literal else "" for literal in literals)
            yield (first, second) if name == "pgettext" else ("", first)


def in_python() -> set[Text]:
    return {text for folder in ("images", "workers") for text in called(folder, "*.py", "python")}


def test_every_text_in_the_code_is_in_the_catalog() -> None:
    known = {key(message) for message in messages("django")}
    assert (in_python() | set(in_templates())) == known, "run: make messages"


def test_every_text_in_the_scripts_is_in_the_catalog() -> None:
    known = {key(message) for message in messages("djangojs")}
    assert set(called("static/js", "*.js", "javascript")) == known, "run: make messages"


WORDS = r"[^<>\"]*[a-zA-Z]{3}[^<>\"]*"
VISIBLE = re.compile(rf'>({WORDS})<|\b(?:title|placeholder|aria-label|alt)="({WORDS})"')
UNSEEN = re.compile(
    r"{#.*?#}|{% blocktranslate.*?endblocktranslate %}|{% block page %}.*?{% endblock %}|{%.*?%}|{{.*?}}", re.DOTALL
)
NAMES = {"PNG", "JPEG", "WebP", "Esc"}


def test_no_page_has_a_text_that_is_not_translated() -> None:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        page = UNSEEN.sub(" ", path.read_text(encoding="utf-8"))
        found = {(text or label).strip() for text, label in VISIBLE.findall(page)}
        assert found <= NAMES, path


KEPT = [sentence for _kind, sentence in KINDS.values()] + list(MESSAGES.values())


@pytest.mark.parametrize("sentence", [*KEPT, stopped_workers(1), stopped_workers(3)])
def test_sentences_kept_in_rows_are_shown_in_german(sentence: str) -> None:
    with translation.override("de"):
        shown = in_words(sentence)
    assert shown != sentence and "%(" not in shown
    assert re.findall(r"\d+", shown) == re.findall(r"\d+", sentence)
    assert in_words(sentence) == sentence


# What a browser gets


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wanted", "language", "title"),
    [
        ("de", "de", "Ein Bild zeichnen"),
        ("de-CH,is;q=0.8", "de", "Ein Bild zeichnen"),
        ("is,de;q=0.5", "de", "Ein Bild zeichnen"),
        ("en-GB,de;q=0.5", "en", "Draw a picture"),
        ("xx,tlh;q=0.5", "en", "Draw a picture"),
        ("ja", "en", "Draw a picture"),
        ("", "en", "Draw a picture"),
    ],
)
def test_the_browser_chooses_the_language(client: Client, wanted: str, language: str, title: str) -> None:
    page = client.get("/", headers={"Accept-Language": wanted})
    assert f'<html lang="{language}" dir="ltr"' in page.content.decode()
    assert title in page.content.decode()
    assert page.headers["Content-Language"] == language
    assert "Accept-Language" in page.headers["Vary"]


@pytest.mark.django_db
def test_german_pages(owner: Client) -> None:
    job = picture_job(style="drawing", guidance_scale=7.5)
    failed_job("timeout", KINDS["timeout"][1])
    home, gallery = (owner.get(path, **german).content.decode() for path in ("/", "/gallery/"))
    page = owner.get(f"/images/{job.pk}/", **german).content.decode()
    assert "Was soll auf dem Bild sein?" in home and "Der Bilddienst hat zu lange gebraucht." in home
    assert "Nimm eine ganze Zahl von 1 bis 100." in home
    assert "In allen Bildern suchen" in gallery
    assert "Zeichnung" in page and "Diese Einstellungen nehmen" in page and "7,5" in page


@pytest.mark.django_db
def test_samples_come_in_german(client: Client) -> None:
    with translation.override("de"):
        samples = [str(sample) for sample in presets.SAMPLES]
    page = client.get("/", **german).content.decode()
    assert all(sample in page for sample in samples)


@pytest.mark.django_db
def test_errors_come_in_german(owner: Client) -> None:
    form = owner.post("/generate/", {"prompt": "", "steps": "many"}, **json_in_german).json()["errors"]
    assert form["prompt"] == ["Schreib, was auf dem Bild sein soll."]
    assert form["steps"] == ["Nimm eine ganze Zahl von 1 bis 100."]
    missing = owner.get("/images/00000000-0000-0000-0000-000000000000/", **json_in_german)
    assert missing.json()["error"]["message"] == "Unter dieser Adresse gibt es nichts."
    assert "Hier gibt es nichts" in owner.get("/nowhere/", **german).content.decode()


@pytest.mark.django_db
def test_a_poll_says_in_german_what_went_wrong(owner: Client) -> None:
    job = failed_job("prompt_refused", KINDS["prompt_refused"][1])
    said = [owner.get(f"/status/{job.pk}/", headers={"Accept-Language": wanted}) for wanted in ("de", "en")]
    assert said[0].json()["error"]["message"].startswith("Der Bilddienst hat diese Beschreibung abgelehnt.")
    assert said[1].json()["error"]["message"] == KINDS["prompt_refused"][1]
    assert said[0].headers["ETag"] != said[1].headers["ETag"]


@pytest.mark.django_db
def test_a_job_that_waits_for_the_token_says_so_in_german() -> None:
    ProviderState.objects.pause("demo", "token_refused", KINDS["token_refused"][1])
    make_job()
    with translation.override("de"):
        error = job_status(Job.objects.get(owner=OWNER))["error"]
    assert error is not None
    assert error["message"].startswith("Der Zugangsschlüssel dieser Seite wurde abgelehnt.")
    assert error["message"].endswith("Dein Bild beginnt von selbst.")


def read(client: Client, url: str, language: str = "de") -> str:
    return client.get(url, headers={"Accept-Language": language}).content.decode()


def visible(client: Client, url: str, language: str) -> set[str]:
    page = re.sub(r"<(script|title)\b.*?</\1>", " ", read(client, url, language), flags=re.DOTALL)
    return {" ".join(text.split()) for text in re.findall(r">([^<>0-9&]*[a-zA-Z]{3}[^<>0-9&]*)<", page)}


SAME = {"admin", "Administration", "Jobs", "Job", "Job:", "Worker", "Worker:", "Filter", "Format:", "Traceback:"}
LISTS = ("images/job", "images/generatedimage", "django_celery_results/taskresult")
SAME |= {"Batch:", "a red fox", "demo", "PNG", "token_refused", OWNER}


def test_operators_read_german_too(admin_client: Client) -> None:
    failed, done = failed_job("token_refused", KINDS["token_refused"][1]), picture_job()
    ProviderState.objects.pause("demo", "token_refused", KINDS["token_refused"][1])
    keep_traceback(run_name(failed), "generate_image", ValueError("7"))
    jobs, pictures, records = (f"/admin/{name}/" for name in LISTS)
    job, question = f"{jobs}{failed.pk}/change/", f"{jobs}operate/?do=retry&status=failed"
    picture, record = f"{pictures}{done.pk}/change/", f"{records}{TaskResult.objects.get().pk}/change/"
    for url in ("/admin/", "/admin/control/", jobs, f"{jobs}?status=failed", job, question, pictures, picture, record):
        assert visible(admin_client, url, "en") & visible(admin_client, url, "de") <= SAME, url


def test_operators_read_german_where_names_stand_in_a_sentence(admin_client: Client) -> None:
    failed_job("token_refused")
    question = read(admin_client, "/admin/images/job/operate/?do=retry&status=failed&since=hour")
    assert "Alle Jobs mit Stand = Fehlgeschlagen, Zeit: letzte = Stunde, die niemand entfernt hat." in question
    control = read(admin_client, "/admin/control/")
    assert "Anhalten: alle Bilddienste" in control and "Anhalten: demo" in control
    admin_client.post("/admin/control/", {"do": "pause", "name": "demo", "reason": "new disk"})
    assert "Bilddienst" in read(admin_client, "/admin/")


def test_operators_read_times_and_numbers_as_their_language_writes_them(admin_client: Client) -> None:
    job = picture_job(guidance_scale=7.5)
    picture = read(admin_client, f"/admin/images/generatedimage/{job.pk}/change/")
    assert "+00:00" not in picture and "7,5" in read(admin_client, f"/admin/images/job/{job.pk}/change/")


def test_the_page_for_our_own_mistakes_is_german_too(rf: RequestFactory) -> None:
    with translation.override("de"):
        page = server_error(rf.get("/")).content.decode()
    assert '<html lang="de"' in page and "Ein Fehler von uns" in page


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("number", ["7.5", "7,5"])
def test_a_number_may_have_a_comma(language: str, number: str) -> None:
    """A German page shows 7,5 and sends it back."""
    with translation.override(language):
        form = GenerateForm({"prompt": "a fox", "guidance_scale": number})
        assert form.is_valid(), form.errors
    assert form.cleaned_data["guidance_scale"] == 7.5


def test_the_scripts_get_german_words(client: Client) -> None:
    words = client.get("/jsi18n/", **german)
    assert '"Undo": "R\\u00fcckg\\u00e4ngig"' in words.content.decode()
    assert "R\\u00fcckg\\u00e4ngig" not in client.get("/jsi18n/").content.decode()
    assert "Accept-Language" in words.headers["Vary"]


def test_the_scripts_words_are_kept_for_an_hour(client: Client) -> None:
    words = client.get("/jsi18n/", **german)
    assert set(words.headers["Cache-Control"].split(", ")) == {"private", "max-age=3600"}
    again = client.get("/jsi18n/", headers={"Accept-Language": "de", "If-None-Match": words.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get("/jsi18n/", headers={"Accept-Language": "en", "If-None-Match": words.headers["ETag"]})
    assert other.status_code == 200


# Languages from right to left

PHYSICAL = re.compile(
    r"\b(margin|padding|border|inset)-(left|right)\b|[;{ ](left|right) *:|(text-align|float): *(left|right)\b"
)


def test_the_styles_name_start_and_end_and_not_left_and_right() -> None:
    assert not PHYSICAL.findall((ROOT / "static" / "css" / "app.css").read_text(encoding="utf-8"))


def test_every_place_for_a_prompt_finds_its_own_direction() -> None:
    for path in (ROOT / "templates" / "images").glob("*.html"):
        for tag in re.findall(r"<(?:p|dd|textarea)\b[^>]*>\s*{{ (?:job|form)\.(?:negative_)?prompt", path.read_text()):
            assert 'dir="auto"' in tag, f"{path.name}: {tag}"
