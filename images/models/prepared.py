"""Statements that run many times a second: the ORM writes the SQL once, and afterwards only values are filled in.

Writing the SQL takes the ORM five to ten times as long as SQLite or PostgreSQL takes to answer it.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any, TypeVar

from django.db import connection
from django.db.models import BooleanField, Expression, Field, Func, Model, QuerySet
from django.db.models.sql import InsertQuery, Query, UpdateQuery

M = TypeVar("M", bound=Model)


class Place(Expression):
    """Where a value of `field` will stand, under a name."""

    def __init__(self, name: str, field: Any) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]

    def adapted(self, value: Any) -> Any:
        return self.output_field.get_db_prep_save(value, connection)


class Prepared:
    """A query in which each Place will be filled with the value of its name."""

    def __init__(self, query: Query) -> None:
        self._compiler: Any = query.get_compiler(connection=connection)
        written = self._compiler.as_sql()
        self._sql, self._params = written[0] if isinstance(query, InsertQuery) else written
        columns = [column for column, *_ in self._compiler.select or []]
        self._converters = self._compiler.get_converters(columns)

    def run(self, **values: Any) -> int:
        """How many rows it changed."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql, self._filled(values))
            return int(cursor.rowcount)

    def fetch(self, **values: Any) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(self._sql, self._filled(values))
            found = cursor.fetchall()
        return [tuple(row) for row in self._compiler.apply_converters(found, self._converters)]

    def objects(self, model: type[M], **values: Any) -> list[M]:
        """Rows of all `columns` of a model, as its objects."""
        return [model.from_db(connection.alias, columns(model), row) for row in self.fetch(**values)]

    def _filled(self, values: dict[str, Any]) -> list[Any]:
        return [one.adapted(values[one.name]) if isinstance(one, Place) else one for one in self._params]


@cache
def columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def rows(found: QuerySet[Any, Any]) -> Prepared:
    """The rows of a `values_list`."""
    return Prepared(found.query)


def update(found: QuerySet[Any, Any], **changes: Any) -> Prepared:
    """As QuerySet.update."""
    query: Any = found.query.chain(UpdateQuery)
    query.add_update_values(changes)
    return Prepared(query)


def insert(row: Model) -> None:
    """A new row, whose number (if it is numbered) and whose times (if they are the database's) are not read back."""
    _insert(type(row)).run(**{field.attname: field.pre_save(row, True) for field in _written(type(row))})


@cache
def _insert(model: type[Model]) -> Prepared:
    query, fields = InsertQuery(model), _written(model)
    places: Any = SimpleNamespace(**{field.attname: Place(field.attname, field) for field in fields})
    query.insert_values(fields, [places], raw=True)
    return Prepared(query)


@cache
def _written(model: type[Model]) -> list[Field[Any, Any]]:
    """All but what the database fills in."""
    filled = [field for field in model._meta.concrete_fields if field.has_db_default() and not field.has_default()]
    return [field for field in model._meta.concrete_fields if field not in {*filled, model._meta.auto_field}]


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
