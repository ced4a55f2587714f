"""Reads a lake with pyarrow, which shares no code with the bridge, and prints what it finds, one JSON value a line.

Standard input: {"lake": {"type": "file", "path"} or {"type": "s3", "endpoint", "bucket", "prefix", "access_key",
"secret_key"}, "known": [commit ids to leave out]}. Lines: {"record"}, {"file": {key, bytes, rows}} for each object that
records name, {"broken": {key, error}}, and at the end {"objects": [keys of all Parquet objects]}.
"""

import hashlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import pyarrow
import pyarrow.fs
import pyarrow.parquet

# In the order name, time in nanoseconds, value.
COLUMNS = {
    "traces": ["name", "start_time_unix_nano", "duration_nano"],
    "logs": ["event_name", "time_unix_nano", "body"],
    "metrics": ["metric_name", "time_unix_nano", "value_int"],
}
THREADS = 4


def open_lake(lake):
    if lake["type"] == "file":
        return pyarrow.fs.SubTreeFileSystem(lake["path"], pyarrow.fs.LocalFileSystem())
    scheme, _, host = lake["endpoint"].partition("://")
    s3 = pyarrow.fs.S3FileSystem(
        endpoint_override=host,
        scheme=scheme,
        access_key=lake["access_key"],
        secret_key=lake["secret_key"],
        region="us-east-1",
    )
    return pyarrow.fs.SubTreeFileSystem("/".join(filter(None, [lake["bucket"], lake["prefix"]])), s3)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def rows_of(table, data):
    name, nanos, value = COLUMNS[table]
    columns = [data[c].to_pylist() for c in (name, nanos, value, "service_name", "attributes")]
    for row_name, row_nanos, row_value, service, attributes in zip(*columns):
        pairs = dict(attributes)
        yield [
            row_name,
            str(row_nanos),
            str(row_value),
            service,
            pairs.get("torture.check"),
            digest(pairs.get("torture.pad", "")),
        ]


def read_object(fs, item):
    key, table = item["key"], item["table"]
    try:
        with fs.open_input_file(key) as source:
            body = source.read()
        wanted = [*COLUMNS[table], "service_name", "attributes"]
        data = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(body)).read(columns=wanted)
        return {"file": {"key": key, "table": table, "bytes": len(body), "rows": list(rows_of(table, data))}}
    except Exception as error:  # whatever it is, the object cannot be read, and that is the finding
        return {"broken": {"key": key, "error": f"{type(error).__name__}: {error}"}}


def main():
    asked = json.load(sys.stdin)
    fs = open_lake(asked["lake"])
    known = set(asked["known"])
    listed = fs.get_file_info(pyarrow.fs.FileSelector("_lake/commits", allow_not_found=True))
    paths = sorted(info.path for info in listed if info.path.endswith(".json"))
    new = [path for path in paths if path.split("/")[-1][: -len(".json")] not in known]
    with ThreadPoolExecutor(THREADS) as pool:
        records = []
        for text in pool.map(lambda path: fs.open_input_file(path).read(), new):
            records.append(json.loads(text))
            print(json.dumps({"record": records[-1]}))
        objects = [item for record in records for item in record["objects"]]
        for found in pool.map(lambda item: read_object(fs, item), objects):
            print(json.dumps(found))
    everything = fs.get_file_info(pyarrow.fs.FileSelector("", recursive=True, allow_not_found=True))
    keys = [info.path for info in everything if info.path.endswith(".parquet") and "/tmp/" not in info.path]
    print(json.dumps({"objects": sorted(keys)}))


main()
