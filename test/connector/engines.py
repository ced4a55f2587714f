"""A folder that the library wrote, as pyarrow and DuckDB see it: rows in order of id, as JSON."""

import json
import sys

import duckdb
import pyarrow.dataset as ds

folder = sys.argv[1]
partitioning = ds.partitioning(flavor="hive")
table = ds.dataset(folder, format="parquet", partitioning=partitioning).to_table().sort_by("id")
arrow = [
    {**row, "at": row["at"].isoformat(), "total": str(row["total"]), "attributes": dict(row["attributes"])}
    for row in table.select(["id", "kind", "at", "total", "attributes", "tags", "day"]).to_pylist()
]
rows = duckdb.sql(
    f"""SELECT id, kind, strftime(\"at\" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S+00:00') AS \"at\", total::VARCHAR AS total,
        to_json(attributes) AS attributes, tags, day
        FROM read_parquet('{folder}/**/*.parquet', hive_partitioning = true) ORDER BY id"""
).fetchall()
names = ["id", "kind", "at", "total", "attributes", "tags", "day"]
duck = [{**dict(zip(names, row)), "attributes": json.loads(row[4])} for row in rows]
print(json.dumps({"pyarrow": arrow, "duckdb": duck}, default=str))
