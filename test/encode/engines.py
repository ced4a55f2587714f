"""Reads Parquet files with pyarrow and DuckDB and prints what they see as JSON.

Arguments: paths, then `--` and trace ids to ask the Bloom filters for. Integers and times (microseconds) are printed
as text, maps as lists of [key, value].
"""

import json
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq


def plain(value, kind):
    if value is None:
        return None
    if pa.types.is_map(kind):
        return [[key, item] for key, item in value]
    if pa.types.is_list(kind):
        return [plain(item, kind.value_type) for item in value]
    if pa.types.is_struct(kind):
        return {field.name: plain(value[field.name], field.type) for field in kind}
    if pa.types.is_integer(kind):
        return str(value)
    return value


def rows(table):
    # As numbers, so that no time zone of the session matters.
    table = pa.table(
        [c.cast(pa.int64()) if pa.types.is_timestamp(c.type) else c for c in table.columns], names=table.column_names
    )
    columns = [[plain(v, c.type) for v in c.to_pylist()] for c in table.columns]
    return [dict(zip(table.column_names, values)) for values in zip(*columns)]


def pyarrow_view(path):
    file = pq.ParquetFile(path)
    table = file.read()
    table.validate(full=True)
    schema = file.schema_arrow
    metadata = file.metadata
    chunks = [metadata.row_group(g).column(c) for g in range(metadata.num_row_groups) for c in range(metadata.num_columns)]
    first = metadata.row_group(0)
    trace_id = schema.get_field_index("trace_id")
    return {
        "rows": rows(table),
        "types": {field.name: str(field.type) for field in schema},
        "fieldIds": {field.name: (field.metadata or {}).get(b"PARQUET:field_id", b"").decode() for field in schema},
        "nestedFieldId": schema.field("attributes").type.item_field.metadata[b"PARQUET:field_id"].decode(),
        "metadata": {k.decode(): v.decode() for k, v in (metadata.metadata or {}).items()},
        "createdBy": metadata.created_by,
        "sortedBy": [chunks[s.column_index].path_in_schema for s in first.sorting_columns],
        "paths": [chunk.path_in_schema for chunk in chunks[: metadata.num_columns]],
        "columnIndexes": sorted({chunk.path_in_schema for chunk in chunks if chunk.has_column_index}),
        "offsetIndexes": sorted({chunk.path_in_schema for chunk in chunks if chunk.has_offset_index}),
        "pruned": pq.read_table(path, filters=[("trace_id", "=", table.column(trace_id)[0].as_py())]).num_rows,
    }


connection = duckdb.connect(config={"threads": 1})


def duckdb_view(path, ids):
    table = connection.sql("SELECT * FROM read_parquet(?)", params=[path]).to_arrow_table()
    describe = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
    blooms = connection.execute(
        "SELECT row_group_id, path_in_schema FROM parquet_metadata(?) "
        "WHERE bloom_filter_offset IS NOT NULL AND bloom_filter_length > 0 ORDER BY ALL",
        [path],
    ).fetchall()
    probes = [
        [row[0] for row in connection.execute(
            "SELECT bloom_filter_excludes FROM parquet_bloom_probe(?, 'trace_id', ?) ORDER BY row_group_id", [path, id]
        ).fetchall()]
        for id in ids
    ]
    counts = [
        connection.execute("SELECT count(*) FROM read_parquet(?) WHERE trace_id = ?", [path, id]).fetchone()[0]
        for id in ids
    ]
    return {
        "rows": rows(table),
        "types": {row[0]: row[1] for row in describe},
        "fieldIds": dict(
            connection.execute(
                "SELECT name, field_id FROM parquet_schema(?) WHERE name IN ('timestamp', 'trace_state', 'events')", [path]
            ).fetchall()
        ),
        "blooms": blooms,
        "probes": probes,
        "counts": counts,
    }


at = sys.argv.index("--")
paths, ids = sys.argv[1:at], sys.argv[at + 1 :]
json.dump({path: {"pyarrow": pyarrow_view(path), "duckdb": duckdb_view(path, ids)} for path in paths}, sys.stdout)
