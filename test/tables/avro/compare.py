"""Compares Avro files with an Arrow stream, value by value: compare.py rows.arrows file.avro …; prints JSON."""
import datetime
import json
import sys
import uuid

import fastavro
import pyarrow as pa

EPOCH = datetime.datetime(1970, 1, 1)


def plain(value):
    """What both libraries can be compared by."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return repr(value)
    return value


def column(array):
    """Nanoseconds are more than Python's times hold: they are compared as numbers."""
    if pa.types.is_timestamp(array.type) and array.type.unit == 'ns':
        return array.cast(pa.int64()).to_pylist()
    return array.to_pylist()


stream, *files = sys.argv[1:]
table = pa.ipc.open_stream(stream).read_all()
columns = [column(table.column(i).combine_chunks()) for i in range(table.num_columns)]
report = {}
for file in files:
    differences = []
    with open(file, 'rb') as f:
        reader = fastavro.reader(f)
        schema = reader.writer_schema
        rows = list(reader)
        names = [field['name'] for field in schema['fields']]
        for i, name in enumerate(names):
            kind = table.schema.field(i).type
            for r, (found, expected) in enumerate(zip([row[name] for row in rows], columns[i], strict=True)):
                found, expected = plain(found), plain(expected)
                if isinstance(expected, list) and pa.types.is_map(kind):
                    if isinstance(found, list):
                        found = [list(entry.values()) for entry in found]
                    else:
                        found = [list(entry) for entry in found.items()]
                if isinstance(expected, dict):
                    found, expected = list(found.values()), list(expected.values())
                if found != expected:
                    differences.append(f'{name} row {r}: {found!r} is not {expected!r}')
        report[file] = {
            'rows': len(rows),
            'differences': differences[:20],
            'codec': reader.codec,
            'metadata': {key: value for key, value in reader.metadata.items() if not key.startswith('avro.')},
            'types': {field['name']: field['type'] for field in schema['fields']},
        }
print(json.dumps(report, default=str))
