"""The index behind the search knows each sign of a script that puts no space between words (images/models/signs.py)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import migrations

before: Any = import_module("images.migrations.0002_search")
PROMPT = "left(prompt, 4000)"
POSTGRES = [
    "SET LOCAL statement_timeout = 0",
    before.POSTGRES[0]
    .replace("CREATE", "CREATE OR REPLACE")
    .replace(PROMPT, rf"regexp_replace({PROMPT}, '[\u2e80-\U0010ffff]', ' \& ', 'g')"),
    r"""UPDATE images_generatedimage SET words = images_words(job.prompt) FROM images_job AS job
        WHERE job.id = job_id AND job.prompt ~ '[\u2e80-\U0010ffff]'""",
]
WITH_SIGNS = """FROM images_number AS number JOIN images_job AS job ON job.id = number.job_id
    WHERE job.prompt GLOB '*[\u2e80-\U0010ffff]*'"""
SQLITE = [
    # Words can only be taken out as they were put in.
    f"INSERT INTO images_words (images_words, rowid, prompt) SELECT 'delete', number.id, job.prompt {WITH_SIGNS}",
    f"INSERT INTO images_words (rowid, prompt) SELECT number.id, images_spaced(job.prompt) {WITH_SIGNS}",
    "DROP TRIGGER images_words_in",
    "DROP TRIGGER images_words_out",
    *(text.replace("job.prompt", "images_spaced(job.prompt)") for text in before.SQLITE if "TRIGGER" in text),
]


def renew_index(apps: Any, schema_editor: Any) -> None:
    for statement in POSTGRES if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):
    dependencies = [("images", "0002_search")]
    operations = [migrations.RunPython(renew_index)]
