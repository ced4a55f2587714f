"""pyarrow on one thread: the records of connector-child.ts into the same partitions. Arguments: folder, records, step.

Prints a line of JSON: CPU seconds of making Arrow columns of dicts (from_pylist), and of writing the columns
(partitioning, encoding, files); making the dicts is not counted. Memory is bounded as ours is: what waits is written
when it has `flush` rows.
"""

import datetime
import json
import resource
import sys
import time

import pyarrow as pa
import pyarrow.dataset as ds

folder, records, flush = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
STEP = 10_000
pa.set_cpu_count(1)
pa.set_io_thread_count(1)

schema = pa.schema(
    [
        ("id", pa.int64()),
        ("timestamp", pa.timestamp("us", "UTC")),
        ("service_name", pa.string()),
        ("duration_ms", pa.float64()),
        ("status_code", pa.int32()),
        ("attributes", pa.map_(pa.string(), pa.string())),
        ("hour", pa.string()),
    ]
)
start = datetime.datetime(2026, 11, 21, tzinfo=datetime.timezone.utc)


def record(i):
    at = start + datetime.timedelta(milliseconds=i * 86_400_000 // 5_000_000)
    return {
        "id": i,
        "timestamp": at,
        "service_name": f"service-{i * 7919 % 8}",
        "duration_ms": (i * 2654435761 % 100000) / 100,
        "status_code": 500 if i % 50 == 0 else 200,
        "attributes": {
            "http.method": "GET" if i % 3 else "POST",
            "http.route": f"/api/v1/things/{i % 97}",
            "host": f"host-{i % 31}",
        },
        "hour": at.strftime("%Y-%m-%d-%H"),
    }


partitioning = ds.partitioning(pa.schema([("service_name", pa.string()), ("hour", pa.string())]), flavor="hive")
options = ds.ParquetFileFormat().make_write_options(compression="zstd", compression_level=1)
converting = writing = 0.0
waiting, rows, part = [], 0, 0


def write():
    global writing, waiting, rows, part
    cpu = time.process_time()
    ds.write_dataset(
        pa.Table.from_batches(waiting),
        folder,
        format="parquet",
        partitioning=partitioning,
        file_options=options,
        basename_template=f"part-{part}-{{i}}.parquet",
        existing_data_behavior="overwrite_or_ignore",
        use_threads=False,
    )
    writing += time.process_time() - cpu
    waiting, rows, part = [], 0, part + 1


for first in range(0, records, STEP):
    dicts = [record(i) for i in range(first, min(first + STEP, records))]
    cpu = time.process_time()
    waiting.append(pa.RecordBatch.from_pylist(dicts, schema=schema))
    converting += time.process_time() - cpu
    rows += len(dicts)
    if rows >= flush:
        write()
if rows:
    write()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"converting": converting, "writing": writing, "peakBytes": peak, "parts": part}))
