/** Bounds of statistics and page indexes, as hyparquet gives them under the parsers of footer.ts, in the form of a column's values. */
import type { SchemaElement } from 'hyparquet';
import type { Bounds, Value } from '../filter/prune.ts';
import type { ReadType, TimeUnit } from '../schema.ts';

/** Undefined where the file's type orders or reads differently. A bound that is not known exactly is moved outwards. */
export function typedBound(value: unknown, type: ReadType, element: SchemaElement, side: 'min' | 'max'): Bounds['min'] {
  const logical = element.logical_type?.type ?? element.converted_type;
  switch (type.kind) {
    case 'string':
    case 'id': {
      const text =
        element.type === 'BYTE_ARRAY' && (logical === undefined || /^(STRING|UTF8|ENUM|JSON)$/.test(logical));
      return text && value instanceof Uint8Array ? value : undefined;
    }
    case 'int32':
    case 'uint32':
    case 'int64':
      return isUnsigned(element) ? undefined : wholeNumber(value, logical);
    case 'integer':
      // An unsigned column of 64 bits is in another order than a signed one.
      return type.bits === 64 && !type.signed && !isUnsigned(element) ? undefined : wholeNumber(value, logical);
    case 'timestamp':
      return logical?.startsWith('TIMESTAMP') && typeof value === 'bigint' ? value : undefined;
    case 'instant':
      return logical?.startsWith('TIMESTAMP') ? instantBound(value, type.unit, side) : undefined;
    case 'date':
      return logical === 'DATE' && typeof value === 'number' ? BigInt(value) : undefined;
    case 'time':
      return timeBound(value, type.unit, element);
    case 'decimal':
      return logical === 'DECIMAL' ? decimalBound(value, type.scale, element, side) : undefined;
    case 'bytes':
      return value instanceof Uint8Array && isBytes(logical) ? value : undefined;
    case 'float':
    case 'double': {
      const float = element.type === 'DOUBLE' || element.type === 'FLOAT';
      return float && typeof value === 'number' ? value : undefined;
    }
    case 'bool':
      return typeof value === 'boolean' ? Number(value) : undefined;
    default:
      return undefined;
  }
}

function isUnsigned({ logical_type: logical, converted_type: converted }: SchemaElement): boolean {
  return logical?.type === 'INTEGER' ? !logical.isSigned : (converted?.startsWith('UINT_') ?? false);
}

function wholeNumber(value: unknown, logical: string | undefined): bigint | undefined {
  const plain = logical === undefined || logical === 'INTEGER' || /^U?INT_/.test(logical);
  if (!plain) return undefined;
  return typeof value === 'number' ? BigInt(value) : typeof value === 'bigint' ? value : undefined;
}

/** Values come in microseconds, rounded down. */
function instantBound(value: unknown, unit: TimeUnit, side: 'min' | 'max'): Value | undefined {
  if (typeof value !== 'bigint') return undefined;
  if (unit === 'us') return value;
  if (unit === 'ns') return side === 'min' ? value * 1000n : value * 1000n + 999n;
  return value / 1000n; // a file in milliseconds: nothing is lost
}

const UNITS = { MILLIS: 1_000_000n, MICROS: 1000n, NANOS: 1n } as const;
const NANOS_IN = { ms: 1_000_000n, us: 1000n, ns: 1n } as const;

function timeBound(value: unknown, unit: TimeUnit, element: SchemaElement): Value | undefined {
  const { logical_type: logical, converted_type: converted } = element;
  const found =
    logical?.type === 'TIME' ? logical.unit : converted?.startsWith('TIME_') ? converted.slice(5) : undefined;
  const known = UNITS[found as keyof typeof UNITS] as bigint | undefined;
  if (known === undefined || (typeof value !== 'number' && typeof value !== 'bigint')) return undefined;
  return (BigInt(value) * known) / NANOS_IN[unit];
}

/** Decimals come as doubles: as much of them as a double may be off by is given way. Those in BYTE_ARRAY come as bytes. */
function decimalBound(value: unknown, scale: number, element: SchemaElement, side: 'min' | 'max'): Value | undefined {
  const { logical_type: logical, scale: older = 0 } = element;
  const found = logical?.type === 'DECIMAL' ? logical.scale : older;
  if (value instanceof Uint8Array) {
    return scale < found ? undefined : twosComplement(value) * 10n ** BigInt(scale - found);
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const scaled = value * 10 ** scale;
  const margin = Math.abs(scaled) * 2 ** -48 + 1;
  if (!Number.isFinite(scaled + margin)) return undefined;
  return side === 'min' ? BigInt(Math.floor(scaled - margin)) : BigInt(Math.ceil(scaled + margin));
}

function twosComplement(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(8 * bytes.length, value);
}

function isBytes(logical: string | undefined): boolean {
  return logical === undefined || logical === 'UUID';
}
