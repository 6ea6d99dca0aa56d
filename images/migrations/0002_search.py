"""The index behind the search (images/search.py): the words of each picture's prompt, kept by triggers."""

from __future__ import annotations

from typing import Any

from django.db import migrations

# Words end at every sign of ASCII that is neither letter nor digit, as images/search.py cuts what people type.
POSTGRES = [
    r"""CREATE FUNCTION images_words(prompt text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT to_tsvector('simple', regexp_replace(left(prompt, 4000), '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+', ' ', 'g'))
    $$""",
    "ALTER TABLE images_generatedimage ADD COLUMN words tsvector",
    """CREATE FUNCTION images_set_words() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.words := images_words((SELECT prompt FROM images_job WHERE id = NEW.job_id));
            RETURN NEW;
        END $$""",
    """CREATE TRIGGER images_set_words BEFORE INSERT ON images_generatedimage
        FOR EACH ROW EXECUTE FUNCTION images_set_words()""",
    "CREATE INDEX picture_words ON images_generatedimage USING gin (words) WITH (fastupdate = off)",
]
# Without figures SQLite takes every index for as good as the next one, and finds a queued job by sorting all of them.
# These are the figures of a large site, so that a plan is right when it matters; ANALYZE would write its own.
FIGURES = {
    "images_job": {
        "sqlite_autoindex_images_job_1": "1000000 1",
        "job_next": "100000 1 1",
        "job_waiting_of_owner": "100000 10 1",
        "job_due": "100000 10",
        "job_waited": "100000 10",
        "job_leased": "100 10",
        "job_put_away": "10000 10",
        "job_of_owner": "1000000 200 2 1",
        "job_by_status": "1000000 200000 2 1",
    },
    "images_generatedimage": {
        "sqlite_autoindex_images_generatedimage_1": "1000000 1",
        "picture_newest": "1000000 2 1",
        "picture_starred": "20000 2 1",
        "picture_trash": "1000 2",
    },
    "images_attempt": {"attempt_stored": "1000000 2", "attempt_open": "100 10"},
}
SQLITE = [
    "CREATE TABLE images_number (id integer PRIMARY KEY AUTOINCREMENT, job_id char(32) NOT NULL UNIQUE)",
    "CREATE VIRTUAL TABLE images_words USING fts5(prompt, content='', tokenize='unicode61 remove_diacritics 0')",
    """CREATE TRIGGER images_words_in AFTER INSERT ON images_generatedimage BEGIN
        INSERT INTO images_number (job_id) VALUES (NEW.job_id);
        INSERT INTO images_words (rowid, prompt) SELECT number.id, job.prompt FROM images_number AS number
            JOIN images_job AS job ON job.id = number.job_id WHERE number.job_id = NEW.job_id;
    END""",
    """CREATE TRIGGER images_words_out BEFORE DELETE ON images_generatedimage BEGIN
        INSERT INTO images_words (images_words, rowid, prompt) SELECT 'delete', number.id, job.prompt
            FROM images_number AS number JOIN images_job AS job ON job.id = number.job_id
            WHERE number.job_id = OLD.job_id;
        DELETE FROM images_number WHERE job_id = OLD.job_id;
    END""",
]


def make_index(apps: Any, schema_editor: Any) -> None:
    for statement in POSTGRES if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, None)


def write_figures(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor != "sqlite":
        return
    rows = [(table, name, figures) for table, indexes in FIGURES.items() for name, figures in indexes.items()]
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("ANALYZE images_chore")  # makes the table of figures
        cursor.executemany("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (%s, %s, %s)", rows)
        cursor.execute("ANALYZE sqlite_schema")  # which is read again


class Migration(migrations.Migration):
    dependencies = [("images", "0001_initial")]
    replaces = [  # what databases from before the first release have had
        ("images", name)
        for name in ("0002_operate_permission", "0003_ignored", "0004_storedfile", "0005_search", "0006_thumbnails_later")
    ]
    operations = [
        migrations.RunPython(make_index),
        migrations.RunPython(write_figures),
    ]
