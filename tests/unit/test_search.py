"""The search by words, on PostgreSQL and on SQLite."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection

from images import gallery
from images.models import GeneratedImage
from images.search import words_in
from tests.unit.factories import OWNER, picture_job

pytestmark = pytest.mark.django_db
SOMEBODY = gallery.Viewer("visitor:nobody")


def prompts_found(query: str) -> set[str]:
    return {image.job.prompt for image in gallery.page(SOMEBODY, query=query).images}


def test_words_are_found_in_any_order_and_case_and_the_last_one_from_its_beginning() -> None:
    picture_job(prompt="A red fox, in SNOW (v1.5)")
    picture_job(prompt="a red car")
    assert prompts_found("snow red") == prompts_found("v1.5 fo") == {"A red fox, in SNOW (v1.5)"}
    assert prompts_found("ed") == prompts_found("zebra") == prompts_found("fo snow") == set()


@pytest.mark.parametrize("query", ["füchse", "Füchse im", "狐", "!", "'", '"', "a:* & b", "fox' | 'b", "\\", "%"])
def test_a_search_takes_any_signs(query: str) -> None:
    picture_job(prompt="Füchse im Schnee")
    picture_job(prompt="雪の中の狐")
    expected = {"f": {"Füchse im Schnee"}, "狐": {"雪の中の狐"}}.get(query[0].lower(), set())
    assert prompts_found(query) == expected or query == "fox' | 'b"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("雪", True),
        ("雪の中", True),
        ("の中の狐", True),
        ("狐 雪", True),
        ("中雪", False),
        ("猫", False),
        ("cat耳", True),
        ("耳 cat", True),
        ("ca", True),
        ("at耳", False),
        ("한국", True),
        ("국의 산", True),
        ("𠮷野", True),
    ],
)
def test_words_of_a_script_without_spaces_are_found_anywhere(query: str, found: bool) -> None:
    job = picture_job(prompt="雪の中の狐、cat耳、한국의 산 😀 𠮷野")
    assert bool(prompts_found(query)) is found
    assert words_in(query)[1] == [], "no prompt is read"
    job.image.purge()
    assert not prompts_found(query)


def test_pictures_from_before_the_signs_were_known_are_found_too() -> None:
    before, now = (import_module(f"images.migrations.{name}") for name in ("0002_search", "0003_signs"))
    old = {"postgresql": [before.POSTGRES[0].replace("CREATE", "CREATE OR REPLACE")]}
    triggers = [text for text in before.SQLITE if "TRIGGER" in text]
    with connection.cursor() as cursor:
        for statement in old.get(
            connection.vendor, ["DROP TRIGGER images_words_in", "DROP TRIGGER images_words_out", *triggers]
        ):
            cursor.execute(statement, None)
        job, other = picture_job(prompt="雪の中の狐"), picture_job(prompt="a fox")
        assert not prompts_found("中")
        now.renew_index(None, SimpleNamespace(connection=connection, execute=cursor.execute))
    assert prompts_found("中") == {job.prompt} and prompts_found("fox") == {other.prompt}
    job.image.purge()
    assert not prompts_found("中") and not prompts_found("雪の中の狐")


def test_thai_is_found_anywhere_too() -> None:
    picture_job(prompt="สุนัขจิ้งจอกในหิมะ")
    assert prompts_found("หิมะ") and prompts_found("จอก")
    assert not prompts_found("แมว")


def test_a_purged_picture_is_no_longer_found() -> None:
    picture_job(prompt="a red fox").image.purge()
    assert prompts_found("fox") == set()
    picture_job(prompt="a red fox")
    assert len(gallery.page(SOMEBODY, query="fox").images) == 1


def test_a_search_pages_through_everything_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("images.gallery.PAGE_SIZE", 2)
    made = [picture_job(prompt=f"fox {number}").pk for number in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        found = gallery.page(SOMEBODY, query="fox", cursor=cursor)
        seen += [image.pk for image in found.images]
        cursor = found.next_cursor  # type: ignore[assignment]
    assert seen == made[::-1]


def test_a_search_obeys_the_other_filters() -> None:
    own, _other = picture_job(prompt="a fox"), picture_job(prompt="a fox", owner="visitor:other")
    GeneratedImage.objects.filter(pk=own.pk).update(starred=True)
    assert [image.pk for image in gallery.page(gallery.Viewer(OWNER), query="fox", mine=True).images] == [own.pk]
    assert [image.pk for image in gallery.page(SOMEBODY, query="fox", starred=True).images] == [own.pk]


@pytest.mark.parametrize("wanted", [{}, {"query": "fox"}, {"starred": True}, {"mine": True}])
def test_the_neighbours_of_a_picture_are_those_of_its_list(wanted: gallery.Wanted) -> None:
    """And in a list of any length, on both sides."""
    owners = {"fox": OWNER, "cat": "visitor:other"}
    made = [picture_job(prompt=name, owner=owners[name]) for name in ("fox", "fox", "cat", "cat", "fox")]
    foxes = [job for job in made if job.prompt == "fox"]
    GeneratedImage.objects.filter(pk__in=[job.pk for job in foxes]).update(starred=True)
    expected = foxes if wanted else made
    viewer, nobody = gallery.Viewer(OWNER), None
    for before, job, after in zip([nobody, *expected], expected, [*expected[1:], nobody], strict=False):
        newer, older = gallery.neighbours(viewer, job.image, **wanted)
        assert (newer and newer.pk, older and older.pk) == (after and after.pk, before and before.pk)


def test_a_picture_that_was_stored_late_is_the_neighbour_that_it_was_made_as() -> None:
    first, second, third = (picture_job(prompt="a fox").image for _ in range(3))
    times = [first.created_at, third.created_at, second.created_at]  # the last two change places
    for image, moment in zip((first, second, third), times, strict=True):
        GeneratedImage.objects.filter(pk=image.pk).update(created_at=moment)
        image.created_at = moment
    assert [image and image.pk for image in gallery.neighbours(SOMEBODY, third, query="fox")] == [second.pk, first.pk]


def test_the_search_keeps_its_triggers_when_a_later_migration_rebuilds_the_table() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        found = {name for (name,) in cursor.fetchall()}
    wanted = {"postgresql": {"images_set_words"}, "sqlite": {"images_words_in", "images_words_out"}}
    assert wanted[connection.vendor] <= found, "SQLite drops triggers with the table: make them again in the migration"
