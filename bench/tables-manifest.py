"""make FOLDER ROWS FILES: Parquet files of several versions and codecs, and their manifest. read FOLDER: all of them by pyarrow.dataset."""
import hashlib
import json
import os
import sys

import duckdb
import pyarrow.dataset as ds
import pyarrow.parquet as pq

# pyarrow's own spelling, one after the other.
FORMS = [('1.0', 'snappy'), ('2.4', 'gzip'), ('2.6', 'zstd')]
FIRST_MICROS = 1_700_000_000_000_000


def table(first, count):
    return duckdb.sql(
        f"""SELECT id, 'item ' || hash(id) % 5000 AS name, ((hash(id + 1) % 1000000000000) * 0.0000000001)::DECIMAL(18, 10) AS price,
            make_timestamp({FIRST_MICROS} + id * 1000000) AS at, (DATE '2022-01-08' + (id // 100000)::INT)::DATE AS day,
            hash(id + 2) % 2 = 0 AS flag, (hash(id + 3) % 4294967296)::UINTEGER AS size,
            (hash(id + 4) % 1000003) / 1000003.0::DOUBLE AS ratio, (hash(id + 5) % 100)::INTEGER AS code
        FROM (SELECT range AS id FROM range({first}, {first + count}))"""
    ).to_arrow_table()


def make(folder, rows, files):
    listed = []
    for i in range(files):
        first = rows * i // files
        version, codec = FORMS[i % len(FORMS)]
        name = f'part-{i:03}.parquet'
        path = os.path.join(folder, name)
        pq.write_table(
            table(first, rows * (i + 1) // files - first), path, version=version, compression=codec, row_group_size=100_000
        )
        with open(path, 'rb') as f:
            body = f.read()
        listed.append({'key': name, 'size': len(body), 'MD5checksum': hashlib.md5(body).hexdigest()})
    manifest = {
        'sourceBucket': 'bench',
        'destinationBucket': 'arn:aws:s3:::bench',
        'version': '2016-11-30',
        'creationTimestamp': '1700000000000',
        'fileFormat': 'Parquet',
        'fileSchema': 'message rows { required int64 id; }',
        'files': listed,
    }
    with open(os.path.join(folder, 'manifest.json'), 'w') as f:
        json.dump(manifest, f)


def read(folder):
    # One batch after the other, as an iterator of batches gives them: a table would hold all rows.
    print(sum(batch.num_rows for batch in ds.dataset(folder, format='parquet', exclude_invalid_files=True).to_batches()))


if sys.argv[1] == 'make':
    make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
else:
    read(sys.argv[2])
