"""Reads a lake with pyarrow and DuckDB; prints what they see as JSON for engines.real.test.ts."""

import json
import sys

import duckdb
import pyarrow.dataset as ds
import pyarrow.parquet as pq

lake = sys.argv[1]
pattern = f"{lake}/traces/**/*.parquet"

rows = duckdb.sql(
    f"""SELECT trace_id, span_id, name, kind, duration_nano::VARCHAR AS duration_nano,
        map_entries(attributes)::JSON::VARCHAR AS attributes, len(events) AS events, date, hour::VARCHAR AS hour
        FROM read_parquet('{pattern}', hive_partitioning = true, hive_types_autocast = false) ORDER BY trace_id, span_id"""
).fetchall()
table = ds.dataset(f"{lake}/traces", format="parquet", partitioning="hive").to_table()
table.validate(full=True)
files = [pq.ParquetFile(path) for path in ds.dataset(f"{lake}/traces", format="parquet").files]
print(
    json.dumps(
        {
            "duckdb": rows,
            "pyarrow": sorted(zip(table["trace_id"].to_pylist(), table["span_id"].to_pylist())),
            "types": {field.name: str(field.type) for field in files[0].schema_arrow},
            "codecs": sorted({f.metadata.row_group(0).column(0).compression for f in files}),
        }
    )
)
