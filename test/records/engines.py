"""Reads Parquet files with pyarrow and DuckDB and prints the types and values that they see as JSON.

Arguments: paths. Values are printed as Python's `repr`, so that types of values show; columns an engine cannot read are
left to it to refuse.
"""

import json
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq


def pyarrow_view(path):
    file = pq.ParquetFile(path, arrow_extensions_enabled=True)
    table = file.read()
    table.validate(full=True)
    columns = {}
    for name, column in zip(table.column_names, table.columns):
        # Nanoseconds have no place in Python's own times.
        nanos = pa.types.is_temporal(column.type) and getattr(column.type, "unit", "") == "ns"
        columns[name] = [repr(value) for value in (column.cast(pa.int64()) if nanos else column).to_pylist()]
    return {
        "types": {field.name: str(field.type) for field in file.schema_arrow},
        "values": columns,
        "logical": {
            leaf.path: str(leaf.logical_type)
            for leaf in (file.schema.column(i) for i in range(len(file.schema.names)))
        },
        "metadata": {k.decode(): v.decode() for k, v in (file.metadata.metadata or {}).items()},
    }


def duckdb_view(path):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    types = {row[0]: row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()}
    values = {}
    for name in types:
        quoted = '"' + name.replace('"', '""') + '"'
        rows = connection.execute(f"SELECT {quoted}::VARCHAR FROM '{path}'").fetchall()
        values[name] = [row[0] for row in rows]
    return {"types": types, "values": values}


print(json.dumps({path: {"pyarrow": pyarrow_view(path), "duckdb": duckdb_view(path)} for path in sys.argv[1:]}))
