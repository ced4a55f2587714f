/** Tables that pyarrow writes for tests. */
export const IMPORTS = `
import pyarrow as pa, pyarrow.parquet as pq, duckdb, sys, decimal, datetime as dt, uuid
path, = sys.argv[1:]
`;

/** A column of every type, 1000 rows in order, nulls where the row's number ends in 7. */
export const EVERY_TYPE = `${IMPORTS}
n = 1000
D = decimal.Decimal
def opt(i, v): return None if i % 10 == 7 else v
r = range(n)
t = pa.table({
 'i8': pa.array([opt(i, i % 100 - 50) for i in r], pa.int8()),
 'u8': pa.array([opt(i, i % 250) for i in r], pa.uint8()),
 'u32': pa.array([opt(i, 4294967295 - i) for i in r], pa.uint32()),
 'u64': pa.array([opt(i, 18446744073709551615 - i) for i in r], pa.uint64()),
 'i64': pa.array([opt(i, -9223372036854775808 + i) for i in r], pa.int64()),
 'f32': pa.array([opt(i, i / 10) for i in r], pa.float32()),
 'f64': pa.array([opt(i, i / 10) for i in r], pa.float64()),
 'b': pa.array([opt(i, i % 2 == 0) for i in r]),
 'd9': pa.array([opt(i, D(i) / 100) for i in r], pa.decimal128(9, 2)),
 'd18': pa.array([opt(i, D(f'-12345678901234.{i:04d}')) for i in r], pa.decimal128(18, 4)),
 'd38': pa.array([opt(i, D(f'1234567890123456789012345678.{i:010d}')) for i in r], pa.decimal128(38, 10)),
 'd76': pa.array([opt(i, D('1'*60 + f'.{i:010d}')) for i in r], pa.decimal256(76, 10)),
 's': pa.array([opt(i, f'text {i}') for i in r]),
 'bin': pa.array([opt(i, bytes([i >> 8, i & 255])) for i in r], pa.binary()),
 'fix': pa.array([opt(i, bytes([0, i >> 8, i & 255])) for i in r], pa.binary(3)),
 'uu': pa.array([opt(i, uuid.UUID(int=i).bytes) for i in r], pa.uuid()),
 'day': pa.array([opt(i, dt.date(2024, 1, 1) + dt.timedelta(days=i)) for i in r]),
 'tms': pa.array([opt(i, i) for i in r], pa.time32('ms')),
 'tus': pa.array([opt(i, 3600000000 + i) for i in r], pa.time64('us')),
 'tns': pa.array([opt(i, 3600000000000 + i) for i in r], pa.time64('ns')),
 'ams': pa.array([opt(i, 1700000000000 + i) for i in r], pa.timestamp('ms')),
 'aus': pa.array([opt(i, 1700000000000000 + i) for i in r], pa.timestamp('us', 'UTC')),
 'ans': pa.array([opt(i, 1700000000000000000 + i) for i in r], pa.timestamp('ns', 'UTC')),
 'lst': pa.array([opt(i, [i, None]) for i in r], pa.list_(pa.int16())),
 'mp': pa.array([opt(i, [(str(i), 'v')]) for i in r], pa.map_(pa.string(), pa.string())),
 'mi': pa.array([opt(i, [(i, D(i))]) for i in r], pa.map_(pa.int32(), pa.decimal128(5, 1))),
 'st': pa.array([opt(i, {'a': i, 'B': dt.date(2024,1,1)}) for i in r], pa.struct([('a', pa.int32()), ('B', pa.date32())])),
 'nothing': pa.nulls(n),
})
`;
