"""Queries that run many times a second: the ORM writes the SQL once, and afterwards only values are filled in.

Writing the SQL takes the ORM five to ten times as long as SQLite or PostgreSQL takes to answer it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Field, Func, QuerySet


class Prepared:
    """`rows` is a `values_list` in which each of `places`, values of `field`, stands where another one will stand."""

    def __init__(
        self, rows: QuerySet[Any, Any], places: Sequence[Any] = (), field: Field[Any, Any] | None = None
    ) -> None:
        self._compiler: Any = rows.query.get_compiler(connection=connection)
        self._sql, params = self._compiler.as_sql()
        self._params, self._field = list(params), field
        self._at = [self._params.index(self._adapted(place)) for place in places]
        self._converters = self._compiler.get_converters([column for column, *_ in self._compiler.select])

    def fetch(self, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows, with one value for each of the places."""
        params = self._params.copy()
        for at, value in zip(self._at, values, strict=True):
            params[at] = self._adapted(value)
        with connection.cursor() as cursor:
            cursor.execute(self._sql, params)
            found = cursor.fetchall()
        return [tuple(row) for row in self._compiler.apply_converters(found, self._converters)]

    def _adapted(self, value: Any) -> Any:
        return self._field.get_db_prep_value(value, connection) if self._field else value


class Unindexed(Func):
    """A column that no index may be chosen by: its planner cannot know that nearly every row would be read there."""

    template, arity = "%(expressions)s", 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return super().as_sql(compiler, connection, template="+%(expressions)s", **context)


class Unordered(Unindexed):
    """A time to sort by without an index: the few rows that are wanted lie anywhere in it."""

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return super().as_sql(compiler, connection, template="(%(expressions)s + interval '0')", **context)


class Beyond(Func):
    """Whether a row lies before ("<") or behind (">") a position: `Beyond("created_at", "job_id", when, pk, sign="<")`.

    Row values can be searched for in an index. Django writes them for PostgreSQL, but for SQLite an OR that reads all.
    """

    template, output_field = "(%(row)s) %(sign)s (%(position)s)", BooleanField()

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:  # type: ignore[override]
        parts = [compiler.compile(part) for part in self.source_expressions]
        half = len(parts) // 2
        row, position = (", ".join(text for text, _ in some) for some in (parts[:half], parts[half:]))
        return f"({row}) {self.extra['sign']} ({position})", [value for _, values in parts for value in values]
