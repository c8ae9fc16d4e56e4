"""SQL as a value: one statement, parsed, judged by what it may hold, and written again by our own writer.

Text that was judged and text that is sent are the same, so nothing can hide between two readers of one query.
Parsing is sqlglot's; what is not on the lists below is refused.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from bot.errors import InvalidError

DIALECT = "athena"
MOST_CHARACTERS = 8_000
MOST_VALUES = 20
PLAIN_NAME = r"[a-z_][a-z0-9_]{0,127}"

# Columns that tell of rows and hold nothing of theirs: these may be shown, everything else may only be counted.
TELLING = frozenset(
    {
        "as_of_month",
        "attempt_count",
        "error_type",
        "file_id",
        "ingest_date",
        "month",
        "pipeline",
        "row_hash",
        "run_id",
        "schema_v",
        "source_file_id",
        "year",
    }
)
_PLAIN = (
    exp.Select,
    exp.From,
    exp.Join,
    exp.Where,
    exp.Group,
    exp.Having,
    exp.Order,
    exp.Ordered,
    exp.Limit,
    exp.Subquery,
    exp.Union,
    exp.Except,
    exp.Intersect,
    exp.With,
    exp.CTE,
    exp.TableAlias,
    exp.Table,
    exp.Identifier,
    exp.Column,
    exp.Alias,
    exp.Star,
    exp.Distinct,
    exp.Tuple,
    exp.Paren,
    exp.Placeholder,
    exp.Literal,
    exp.Boolean,
    exp.Null,
    exp.Cast,
    exp.DataType,
    exp.DataTypeParam,
    exp.Case,
    exp.If,
)
_OPERATORS = (
    exp.And,
    exp.Or,
    exp.Not,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.Is,
    exp.In,
    exp.Between,
    exp.Like,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Div,
    exp.Neg,
)
_COUNTING = (exp.Count, exp.CountIf, exp.ApproxDistinct)
_OF_TELLING = (exp.Min, exp.Max, exp.Sum, exp.Avg)
_ROUNDING = (exp.Coalesce, exp.Nullif, exp.Round, exp.Abs)
_KNOWN = frozenset((*_PLAIN, *_OPERATORS, *_COUNTING, *_OF_TELLING, *_ROUNDING))
_ONE_SELECT = "A query is exactly one SELECT; EXPLAIN and SHOW PARTITIONS have their own place."
# What begins otherwise is not even parsed: the parser would say so in its own log, text and all.
_BEGINS = re.compile(r"[\s(]*(?:SELECT|WITH)\b", re.IGNORECASE)
# The parser's own errors, and the bugs that half a query brings out in it.
_UNREADABLE = (SqlglotError, RecursionError, ValueError, TypeError, AttributeError, LookupError)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\$\$.*?\$\$", re.DOTALL)
_UNITS = frozenset(f"'{unit}'" for unit in ("SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"))
_SHOW = re.compile(rf"SHOW PARTITIONS (?:(?P<database>{PLAIN_NAME})\.)?(?P<table>{PLAIN_NAME})")
_ADD_PARTITION = re.compile(
    rf"ALTER TABLE (?P<database>{PLAIN_NAME})\.(?P<table>{PLAIN_NAME}) ADD IF NOT EXISTS "
    rf"PARTITION \((?P<spec>{PLAIN_NAME} = '[a-z0-9-]{{1,32}}'(?:, {PLAIN_NAME} = '[a-z0-9-]{{1,32}}'){{0,3}})\) "
    r"LOCATION '(?P<location>s3://[a-z0-9.-]{3,63}/silver/[A-Za-z0-9_=/-]{1,500}/)'"
)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Hold how a query looks, without what it asks for.

    Attributes:
        text: the query with every value as `?`; empty where it cannot be read.
        compared: the columns its WHERE clauses compare, sorted.
    """

    text: str
    compared: tuple[str, ...]


def selected(text: str, *, tables: frozenset[str] | None, database: str) -> str:
    """Return a SELECT that gives counts and telling columns, or SHOW PARTITIONS, as our writer spells it.

    Args:
        tables: which may be read; None leaves that to the row, which is always asked.

    Raises:
        InvalidError: it is none, or reaches further; says which part.
    """
    shown = _SHOW.fullmatch(" ".join(text.split()))
    if shown:
        _insist_on_table(shown["database"] or database, shown["table"], tables, database)
        return shown[0]
    tree = _parsed(text, tables=tables, database=database)
    _insist_on_marks(tree)
    try:
        _insist_on_honest_names(tree)
        for projection in _projections(tree):
            _insist_on_counts(projection)
    except RecursionError as error:
        raise InvalidError("The query is nested too deep.") from error
    return _written(tree)


def explained(text: str, *, tables: frozenset[str] | None, database: str) -> str:
    """Return an EXPLAIN of one SELECT as our writer spells it; its values are in it, quoted by the writer.

    Raises:
        InvalidError: it is none.
    """
    words = re.fullmatch(r"\s*EXPLAIN\s+(?!\()(?!ANALYZE\b)(?P<rest>.+)", text, re.IGNORECASE | re.DOTALL)
    if words is None:
        raise InvalidError("That is no EXPLAIN SELECT.")
    return f"EXPLAIN {_written(_parsed(words['rest'], tables=tables, database=database))}"


def explaining(text: str, values: Iterable[str | int], *, tables: frozenset[str] | None, database: str) -> str:
    """Return the EXPLAIN of a SELECT whose ? are filled with values; Athena takes no parameters there.

    Raises:
        InvalidError: it is no SELECT, or has another number of ?.
    """
    tree = _parsed(text, tables=tables, database=database)
    _insist_on_marks(tree)
    first, *rest = _written(tree).split("?")
    given = list(values)
    insist_on_values(len(rest), given)
    filled = first + "".join(quoted(value) + part for value, part in zip(given, rest, strict=True))
    return explained(f"EXPLAIN {filled}", tables=tables, database=database)


def marks_in(text: str) -> int:
    """Return how many ? a judged query has."""
    return text.count("?") if _SHOW.fullmatch(text) is None else 0


def insist_on_values(marks: int, values: list[str | int]) -> None:
    """Insist that there is one value for each ?.

    Raises:
        InvalidError: there are more or fewer.
    """
    if marks != len(values):
        raise InvalidError(f"The query has {marks} ?, and {len(values)} values were given.")


def quoted(value: str | int) -> str:
    """Return a value as Athena wants it among execution parameters: text in quotes, its own quotes doubled."""
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def adding_partition(*, database: str, table: str, partition: Mapping[str, str], location: str) -> str:
    """Return the statement that adds one partition, if it is not there."""
    spec = ", ".join(f"{name} = {quoted(value)}" for name, value in partition.items())
    return f"ALTER TABLE {database}.{table} ADD IF NOT EXISTS PARTITION ({spec}) LOCATION {quoted(location)}"


def named_partition(text: str, *, tables: frozenset[str] | None, database: str) -> str:
    """Return the text if it adds one partition, if it is not there, to one of the tables.

    Raises:
        InvalidError: it does not.
    """
    found = _ADD_PARTITION.fullmatch(text) if text.isascii() and not text.endswith("\n") else None
    if found is None:
        raise InvalidError("That is no ALTER TABLE ... ADD IF NOT EXISTS PARTITION of one partition.")
    _insist_on_table(found["database"], found["table"], tables, database)
    return text


def shape(text: str, *, most: int = 600) -> Shape:
    """Return how somebody's query looks, with its values taken out."""
    if not _BEGINS.match(text):
        return Shape(text="", compared=())
    try:
        tree = _read(text[:MOST_CHARACTERS])
        compared = {column.name.lower() for where in tree.find_all(exp.Where) for column in where.find_all(exp.Column)}
        for literal in list(tree.find_all(exp.Literal)):
            literal.replace(exp.Placeholder())
        written = _QUOTED.sub(_unquoted, _written(tree))
    except InvalidError:
        return Shape(text="", compared=())
    return Shape(text=written if len(written) <= most else written[: most - 1] + "…", compared=tuple(sorted(compared)))


def _parsed(text: str, *, tables: frozenset[str] | None, database: str) -> exp.Query:
    if not text.isascii() or len(text) > MOST_CHARACTERS:
        raise InvalidError(f"A query is ASCII text of at most {MOST_CHARACTERS} characters.")
    if not _BEGINS.match(text):
        raise InvalidError(_ONE_SELECT)
    tree = _read(text)
    for node in tree.walk():
        _insist_on_known(node)
    _insist_on_tables(tree, tables, database)
    return tree


def _read(text: str) -> exp.Query:
    try:
        found = sqlglot.parse(text, read=DIALECT)
    except _UNREADABLE as error:
        raise InvalidError("The query could not be read as SQL.") from error
    if len(found) != 1 or not isinstance(found[0], exp.Query):
        raise InvalidError(_ONE_SELECT)
    return found[0]


def _insist_on_known(node: exp.Expr) -> None:
    if type(node) not in _KNOWN:
        raise InvalidError(f"A query may not hold {type(node).__name__}; it counts rows of the lake's tables.")
    if isinstance(node, exp.Placeholder) and (node.args.get("this") or not node.find_ancestor(exp.Where)):
        raise InvalidError("Athena takes ? in WHERE only, and no named ones.")
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        raise InvalidError("A query reads tables, and nothing that makes rows.")
    if isinstance(node, exp.TableAlias) and node.args.get("columns"):
        raise InvalidError("A query may not give columns other names in a table's alias.")


def _insist_on_tables(tree: exp.Query, tables: frozenset[str] | None, database: str) -> None:
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    if tables is not None and own & tables:
        raise InvalidError("WITH may not take the name of a table.")
    for table in tree.find_all(exp.Table):
        if table.catalog:
            raise InvalidError("A query names no catalogue.")
        if table.db or table.name not in own:
            _insist_on_table(table.db or database, table.name.removesuffix("$partitions"), tables, database)


def _insist_on_table(of: str, name: str, tables: frozenset[str] | None, database: str) -> None:
    if tables is not None and (of != database or name not in tables):
        raise InvalidError(f"A query reads {', '.join(sorted(tables))} of {database}, not {of}.{name}.")


def _insist_on_marks(tree: exp.Query) -> None:
    if any(literal.is_string for literal in tree.find_all(exp.Literal)):
        raise InvalidError("Write ? for every text in a query, and give it under `values`.")


def _insist_on_honest_names(tree: exp.Query) -> None:
    """Refuse what would pass a column off as a telling one: by another name, or by its place in a union."""
    for alias in tree.find_all(exp.Alias):
        source = alias.this
        if alias.alias.lower() in TELLING and not (isinstance(source, exp.Column) and source.name == alias.alias):
            raise InvalidError(f"Only the column itself may be called {alias.alias}.")
    for operation in tree.find_all(exp.SetOperation):
        left, right = (_names(side) for side in (operation.left, operation.right))
        if left != right:
            raise InvalidError("Both sides of a UNION, EXCEPT or INTERSECT name the same columns.")


def _names(query: exp.Expr) -> list[str]:
    return [one.alias_or_name for one in query.selects] if isinstance(query, exp.Query) else []


def _projections(tree: exp.Query) -> Iterable[exp.Expr]:
    if isinstance(tree, exp.SetOperation):
        return [one for side in (tree.left, tree.right) for one in _projections(side)]
    inner = tree.this if isinstance(tree, exp.Subquery) else tree
    return inner.selects if isinstance(inner, exp.Query) else [tree]


def _insist_on_counts(projection: exp.Expr) -> None:
    """Refuse anything but counts, telling columns and arithmetic on them: rows never leave the lake."""
    left = [projection]
    while left:
        node = left.pop()
        if isinstance(node, exp.Alias | exp.Paren | exp.Neg):
            left.append(node.this)
        elif isinstance(node, (*_ROUNDING, exp.Cast, exp.Add, exp.Sub, exp.Mul, exp.Div)) and not _counts(node):
            left += [part for part in node.iter_expressions() if not isinstance(part, exp.DataType)]
        elif not _counts(node):
            raise InvalidError(
                f"{node.sql(dialect=DIALECT)[:80]!a} would show rows. A query gives counts, and of columns only "
                f"{', '.join(sorted(TELLING))}."
            )


def _counts(node: exp.Expr) -> bool:
    if isinstance(node, exp.Literal):
        return not node.is_string
    return isinstance(node, _COUNTING) or _tells(node) or (isinstance(node, _OF_TELLING) and _tells(node.this))


def _tells(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and node.name.lower() in TELLING


def _unquoted(found: re.Match[str]) -> str:
    """Return what stands for a text that the writer still quotes: a path in JSON, x'…', U&'…'."""
    return found[0] if found[0] in _UNITS else "?"


def _written(tree: exp.Expr) -> str:
    try:
        return tree.sql(dialect=DIALECT, comments=False)
    except _UNREADABLE as error:
        raise InvalidError("The query is nested too deep, or is no whole one.") from error
