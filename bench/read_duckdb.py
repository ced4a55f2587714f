"""DuckDB on one thread over the same files: a line of JSON in ({sql, how}), a line out ({ms, cpuMs, rows})."""

import json
import sys
import time

import duckdb

db = duckdb.connect()
db.execute("SET threads = 1")
db.execute("SET TimeZone = 'UTC'")
db.execute("SET preserve_insertion_order = true")
db.execute("SET parquet_metadata_cache = true")


def run(sql, how):
    if how == "count":
        return db.execute(sql).fetchone()[0]
    if how == "json":
        return db.execute(f"COPY ({sql}) TO '/dev/null' (FORMAT json)").fetchone()[0]
    rows = 0
    for batch in db.execute(sql).to_arrow_reader(100_000):
        rows += batch.num_rows
    return rows


for line in sys.stdin:
    task = json.loads(line)
    start, cpu = time.perf_counter(), time.process_time()
    rows = run(task["sql"], task["how"])
    ms, cpu_ms = (time.perf_counter() - start) * 1e3, (time.process_time() - cpu) * 1e3
    print(json.dumps({"ms": ms, "cpuMs": cpu_ms, "rows": rows}), flush=True)
