"""What engines see in a lake of the bridge, for engines.real.test.ts.

    engines.py LAKE < JSON   answers a list of commands, each with a line of JSON:

    ["pyarrow", table]  ["duckdb", table]   every row, in the form of the bridge's own NDJSON
    ["files", table]                        types of the columns and compression, as pyarrow names them
    ["lookup", table, [[column, key], …]]   for each key of a map column the values in all rows, by pyarrow
    ["sql", query]                          rows of a query by DuckDB, which has a view for each table
"""

import datetime
import json
import math
import pathlib
import sys

import duckdb
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq


def plain(value):
    """As the bridge writes it: times in UTC with microseconds, what JSON has no number for as text."""
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value


def dataset(lake, table):
    return ds.dataset(f"{lake}/{table}", format="parquet", partitioning="hive")


def connect(lake):
    """DuckDB with the views that the README's queries read; times as UTC, since Python has no time zones of its own."""
    connection = duckdb.connect()
    connection.sql("SET TimeZone = 'UTC'")
    for table in sorted(path.name for path in pathlib.Path(lake).iterdir() if not path.name.startswith("_")):
        connection.sql(
            f"""CREATE VIEW {table} AS SELECT * REPLACE (timezone('UTC', timestamp) AS timestamp)
            FROM read_parquet('{lake}/{table}/**/*.parquet', hive_partitioning = true)"""
        )
    return connection


def rows_of_pyarrow(lake, table):
    found = dataset(lake, table).to_table()
    found.validate(full=True)
    return found.to_pylist(maps_as_pydicts="strict")


def rows_of_duckdb(lake, table):
    relation = connect(lake).sql(f"SELECT * FROM {table}")
    return [dict(zip(relation.columns, row)) for row in relation.fetchall()]


def files(lake, table):
    found = [pq.ParquetFile(path) for path in dataset(lake, table).files]
    return {
        "types": {field.name: str(field.type) for field in found[0].schema_arrow},
        "codecs": sorted({f.metadata.row_group(0).column(0).compression for f in found}),
    }


def lookup(lake, table, wanted):
    found = dataset(lake, table).to_table(columns=sorted({column for column, _ in wanted}))
    return [pc.map_lookup(found[column], key, "first").to_pylist() for column, key in wanted]


def sql(lake, query):
    return connect(lake).sql(query).fetchall()


COMMANDS = {"pyarrow": rows_of_pyarrow, "duckdb": rows_of_duckdb, "files": files, "lookup": lookup, "sql": sql}

for command, *arguments in json.load(sys.stdin):
    print(json.dumps(plain(COMMANDS[command](sys.argv[1], *arguments))))
