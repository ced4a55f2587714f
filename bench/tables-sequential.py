"""The plain way: tables-sequential.py IN OUT CODEC. One file after the other, read once for each format."""
import csv
import datetime
import os
import sys

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

BATCH = 100_000
SAMPLE = 10_000


def integer(text):
    return int(text) if text else None


def number(text):
    return float(text) if text else None


def date(text):
    return datetime.date.fromisoformat(text) if text else None


def string(text):
    return text if text else None


PARQUET = {integer: pa.int64(), number: pa.float64(), date: pa.date32(), string: pa.string()}
AVRO = {integer: 'long', number: 'double', date: {'type': 'int', 'logicalType': 'date'}, string: 'string'}


def batches(path):
    with open(path, newline='', encoding='utf-8-sig') as f:
        reader = csv.reader(f)
        header = next(reader)
        rows = []
        for row in reader:
            rows.append(row)
            if len(rows) == BATCH:
                yield header, rows
                rows = []
        if rows:
            yield header, rows


def infer(values):
    for convert in (integer, number, date):
        try:
            for value in values:
                convert(value)
            return convert
        except ValueError:
            pass
    return string


def types(header, rows):
    return [infer([row[i] for row in rows[:SAMPLE]]) for i in range(len(header))]


def to_parquet(path, out):
    writer = None
    count = 0
    for header, rows in batches(path):
        if writer is None:
            converts = types(header, rows)
            schema = pa.schema([(name, PARQUET[convert]) for name, convert in zip(header, converts)])
            writer = pq.ParquetWriter(out, schema, compression='zstd')
        columns = [pa.array([convert(row[i]) for row in rows], PARQUET[convert]) for i, convert in enumerate(converts)]
        writer.write_table(pa.table(columns, schema=schema))
        count += len(rows)
    writer.close()
    return count


def to_avro(path, out, codec):
    header, rows = next(batches(path))
    converts = types(header, rows)
    names = [''.join(c if c.isalnum() else '_' for c in name) for name in header]
    fields = [{'name': name, 'type': ['null', AVRO[convert]]} for name, convert in zip(names, converts)]
    schema = fastavro.parse_schema({'type': 'record', 'name': 'row', 'fields': fields})

    def records():
        for _, rows in batches(path):
            for row in rows:
                yield {name: convert(text) for name, convert, text in zip(names, converts, row)}

    with open(out, 'wb') as f:
        fastavro.writer(f, schema, records(), codec=codec)


source, target, codec = sys.argv[1:]
total = 0
for name in sorted(os.listdir(source)):
    stem = os.path.join(target, name.removesuffix('.csv'))
    total += to_parquet(os.path.join(source, name), f'{stem}.parquet')
    to_avro(os.path.join(source, name), f'{stem}.avro', codec)
print(total)
