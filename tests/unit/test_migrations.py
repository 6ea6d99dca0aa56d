"""While a new version goes in, old code runs on the new tables: a migration may only add."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import models
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

ADDS = (
    operations.AddConstraint,
    operations.AddField,
    operations.AddIndex,
    operations.AlterModelManagers,
    operations.AlterModelOptions,
    operations.CreateModel,
    operations.RunPython,
)
LATER = [
    migration
    for (app, _name), migration in sorted(MigrationLoader(None).disk_migrations.items())
    if app == "images" and not migration.initial
]


@pytest.mark.parametrize("migration", LATER, ids=str)
def test_a_migration_takes_nothing_away(migration: Any) -> None:
    others = [operation for operation in migration.operations if not isinstance(operation, ADDS)]
    assert not others, "old code may still use it: take it away one version later, and name it here"


@pytest.mark.parametrize("migration", LATER, ids=str)
def test_old_code_can_still_add_rows(migration: Any) -> None:
    added = [operation for operation in migration.operations if isinstance(operation, operations.AddField)]
    for operation in added:
        assert can_be_left_out(operation.field), f"{operation.name} needs null=True or db_default"


def can_be_left_out(field: models.Field[Any, Any]) -> bool:
    return field.null or field.db_default is not NOT_PROVIDED or field.many_to_many is True
