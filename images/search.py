"""Pictures by the words of their prompts, in an index. The last word may still be half typed: its beginning is enough.
Where a script puts no space between words, signs that stand side by side are looked for.

PostgreSQL keeps the words of a picture beside its row; SQLite keeps them in a full text table, in the order in which
the pictures came, so that the newest ones of a common word are found without looking at all of them (migration 0002).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from images.models import GeneratedImage
from images.models.signs import spaced

WORD = re.compile(r"[^\W_]+")
# From Thailand to Tibet no space stands between words and no sign is one, so no index knows where a word begins.
UNKNOWN = re.compile("[\u0e00-\u109f\u1780-\u17ff\u1950-\u1aaf]")
MOST_WORDS = 10
FEW = 2000  # they are taken by their ids; more are found soon enough among the newest of all
LATE = 1000  # so many pictures may have been stored in another order than they were made

POSTGRES_MATCH = "images_generatedimage.words @@ to_tsquery('simple', %s)"
POSTGRES_FEW = f"SELECT job_id FROM images_generatedimage WHERE {POSTGRES_MATCH} LIMIT %s"  # noqa: S608  # nosec B608
SQLITE_MATCH = """
    SELECT number.job_id FROM images_words
    JOIN images_number AS number ON number.id = images_words.rowid
    JOIN images_generatedimage AS image ON image.job_id = number.job_id
    JOIN images_job AS job ON job.id = number.job_id
    WHERE images_words MATCH %s AND image.deleted_at IS NULL {more}
    ORDER BY images_words.rowid {order} LIMIT %s
"""
BESIDE = """AND (image.created_at, image.job_id) {sign} (%s, %s)
    AND images_words.rowid {sign} coalesce((SELECT id FROM images_number WHERE job_id = %s), {end}) + %s"""
Position = tuple[datetime, UUID]


def words_in(query: str) -> tuple[list[list[str]], list[str]]:
    """What an index can find, each in its parts, and the words that must be looked for in every prompt."""
    words = WORD.findall(query)[:MOST_WORDS]
    known = [spaced(word).split() for word in words if not UNKNOWN.search(word)]
    return known, [word for word in words if UNKNOWN.search(word)] if words else query.split()[:MOST_WORDS]


def matching(
    images: QuerySet[GeneratedImage],
    query: str,
    size: int,
    sign: str,
    here: Position | None,
    *,
    owners: Sequence[str],
    starred: bool,
) -> tuple[QuerySet[GeneratedImage], bool]:
    """Those whose prompt has every word, and whether they are few and taken by their ids.

    SQLite is told about the other filters too, and to find the next `size` that are older ("<") or newer (">") than
    `here`, not all.
    """
    indexed, others = words_in(query)
    for word in others:
        images = images.filter(job__prompt__icontains=word)
    if not indexed:
        return images, False
    if connection.vendor == "postgresql":
        return in_postgres(images, " & ".join(" <-> ".join(f"'{part}'" for part in word) for word in indexed) + ":*")
    narrow = narrowed(owners, starred, sign, here)
    return images.filter(pk__in=in_sqlite(indexed, None if others else size, sign, narrow)), True


def in_postgres(images: QuerySet[GeneratedImage], text: str) -> tuple[QuerySet[GeneratedImage], bool]:
    """Few pictures are taken by their ids; of many, some are soon found among the newest. PostgreSQL cannot tell
    beforehand how many words begin like this one, so the index is asked, which takes milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute(POSTGRES_FEW, [text, FEW + 1])
        ids = [pk for (pk,) in cursor.fetchall()]
    if len(ids) <= FEW:
        return images.filter(pk__in=ids), True
    return images.extra(where=[POSTGRES_MATCH], params=[text]), False  # noqa: S610  # nosec B610


def narrowed(owners: Sequence[str], starred: bool, sign: str, here: Position | None) -> tuple[str, list[Any]]:
    """Conditions for SQLITE_MATCH, and their values."""
    more, values = ["AND image.starred"] if starred else [], list[Any]()
    for owner in owners:
        more.append("AND job.owner = %s")
        values.append(owner)
    if here:
        older = sign == "<"
        more.append(BESIDE.format(sign=sign, end="9e18" if older else "0"))
        when, pk = connection.ops.adapt_datetimefield_value(here[0]), here[1].hex
        values += [when, pk, pk, LATE if older else -LATE]
    return " ".join(more), values


def in_sqlite(words: list[list[str]], size: int | None, sign: str, narrow: tuple[str, list[Any]]) -> RawSQL:
    """A subquery for the ids of the next `size` pictures (None: of all)."""
    more, values = narrow
    text = " ".join(f'"{" ".join(word)}"' for word in words) + "*"
    limit = -1 if size is None else size
    statement = SQLITE_MATCH.format(more=more, order="DESC" if sign == "<" else "ASC")
    return RawSQL(statement, [text, *values, limit])  # noqa: S611  # nosec B611
