/** The four messages of data points, field by field, and which of their columns each type of metric has. */
import type { TableBuilder } from '../batch/builder.ts';
import type { RowLimits } from '../model/layout.ts';
import { AttributeList } from './attributes.ts';
import { ExemplarsField } from './exemplars.ts';
import { LongField, NumberField, OptionalDoubleField, type PointField, SignedField } from './point-fields.ts';
import { BucketsField, DoubleListField, LongListField, QuantilesField } from './point-lists.ts';
import type { ReadItem } from './request.ts';
import type { Refusal } from './tally.ts';
import { FIXED64, LEN, tagOf, VARINT } from './wire.ts';

/** Fields with the same number in all messages that have them. */
const START_TIME = tagOf(2, FIXED64);
const TIME = tagOf(3, FIXED64);
const COUNT = tagOf(4, FIXED64);
const SUM = tagOf(5, FIXED64);

const NUMBER = {
  AS_DOUBLE: tagOf(4, FIXED64),
  EXEMPLARS: tagOf(5, LEN),
  AS_INT: tagOf(6, FIXED64),
  ATTRIBUTES: tagOf(7, LEN),
  FLAGS: tagOf(8, VARINT),
} as const;

const HISTOGRAM = {
  ONE_BUCKET_COUNT: tagOf(6, FIXED64),
  BUCKET_COUNTS: tagOf(6, LEN),
  ONE_EXPLICIT_BOUND: tagOf(7, FIXED64),
  EXPLICIT_BOUNDS: tagOf(7, LEN),
  EXEMPLARS: tagOf(8, LEN),
  ATTRIBUTES: tagOf(9, LEN),
  FLAGS: tagOf(10, VARINT),
  MIN: tagOf(11, FIXED64),
  MAX: tagOf(12, FIXED64),
} as const;

const EXPONENTIAL = {
  ATTRIBUTES: tagOf(1, LEN),
  SCALE: tagOf(6, VARINT),
  ZERO_COUNT: tagOf(7, FIXED64),
  POSITIVE: tagOf(8, LEN),
  NEGATIVE: tagOf(9, LEN),
  FLAGS: tagOf(10, VARINT),
  EXEMPLARS: tagOf(11, LEN),
  MIN: tagOf(12, FIXED64),
  MAX: tagOf(13, FIXED64),
  ZERO_THRESHOLD: tagOf(14, FIXED64),
} as const;

const SUMMARY = {
  QUANTILES: tagOf(6, LEN),
  ATTRIBUTES: tagOf(7, LEN),
  FLAGS: tagOf(8, VARINT),
} as const;

/** A message of points: how it is read, and the columns it has. */
export interface PointMessage {
  readonly read: ReadItem;
  readonly has: readonly PointField[];
  readonly lacks: readonly PointField[];
}

/** The columns that rows of `metrics` have from their point, but for the time derived from it. */
export interface Points {
  readonly number: PointMessage;
  readonly histogram: PointMessage;
  readonly exponential: PointMessage;
  readonly summary: PointMessage;
  readonly attributes: AttributeList;
  readonly attributeLists: readonly AttributeList[];
  readonly time: LongField;
  /** Begins a point of a message. */
  begin(message: PointMessage): void;
  /** Why the point read last cannot be taken. */
  refusal(): Refusal | undefined;
  /** The point read last as the next row. */
  appendRow(message: PointMessage): void;
}

export function createPoints(builder: TableBuilder, limits: RowLimits): Points {
  const time = new LongField(builder.column('time_unix_nano', 'int64'));
  const startTime = new LongField(builder.column('start_time_unix_nano', 'int64'));
  const flagsColumn = builder.column('flags', 'uint32');
  const map = builder.column('attributes', 'map');
  const attributes = new AttributeList(map, builder.column('attribute_types', 'string'), limits);
  const value = new NumberField(builder.column('value_double', 'double'), builder.column('value_int', 'int64'));
  const count = new LongField(builder.column('count', 'int64'));
  const sum = new OptionalDoubleField(builder.column('sum', 'double'));
  const min = new OptionalDoubleField(builder.column('min', 'double'));
  const max = new OptionalDoubleField(builder.column('max', 'double'));
  const bucketCounts = new LongListField(builder.column('bucket_counts', 'list'));
  const explicitBounds = new DoubleListField(builder.column('explicit_bounds', 'list'));
  const scale = new SignedField(builder.column('scale', 'int32'));
  const zeroCount = new LongField(builder.column('zero_count', 'int64'));
  const zeroThreshold = new OptionalDoubleField(builder.column('zero_threshold', 'double'));
  const positive = buckets('positive');
  const negative = buckets('negative');
  const quantiles = new QuantilesField(builder.column('quantiles', 'list'));
  const exemplars = new ExemplarsField(builder.column('exemplars', 'list'), limits);
  let flags = 0;

  function buckets(side: 'positive' | 'negative'): BucketsField {
    return new BucketsField(builder.column(`${side}_offset`, 'int32'), builder.column(`${side}_bucket_counts`, 'list'));
  }

  const readNumber: ReadItem = (reader, end) => {
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case NUMBER.ATTRIBUTES:
          attributes.add(reader, reader.length(end));
          break;
        case START_TIME:
          startTime.read(reader);
          break;
        case TIME:
          time.read(reader);
          break;
        case NUMBER.AS_DOUBLE:
          value.readDouble(reader);
          break;
        case NUMBER.AS_INT:
          value.readInt(reader);
          break;
        case NUMBER.EXEMPLARS:
          exemplars.read(reader, reader.length(end));
          break;
        case NUMBER.FLAGS:
          flags = reader.int32();
          break;
        default:
          reader.skip(tag, end);
      }
    }
    reader.endMessage(end, 'NumberDataPoint');
  };

  const readHistogram: ReadItem = (reader, end) => {
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case HISTOGRAM.ATTRIBUTES:
          attributes.add(reader, reader.length(end));
          break;
        case START_TIME:
          startTime.read(reader);
          break;
        case TIME:
          time.read(reader);
          break;
        case COUNT:
          count.read(reader);
          break;
        case SUM:
          sum.read(reader);
          break;
        case HISTOGRAM.BUCKET_COUNTS:
          bucketCounts.readPacked(reader, reader.length(end));
          break;
        case HISTOGRAM.ONE_BUCKET_COUNT:
          bucketCounts.readOne(reader);
          break;
        case HISTOGRAM.EXPLICIT_BOUNDS:
          explicitBounds.readPacked(reader, reader.length(end));
          break;
        case HISTOGRAM.ONE_EXPLICIT_BOUND:
          explicitBounds.readOne(reader);
          break;
        case HISTOGRAM.EXEMPLARS:
          exemplars.read(reader, reader.length(end));
          break;
        case HISTOGRAM.MIN:
          min.read(reader);
          break;
        case HISTOGRAM.MAX:
          max.read(reader);
          break;
        case HISTOGRAM.FLAGS:
          flags = reader.int32();
          break;
        default:
          reader.skip(tag, end);
      }
    }
    reader.endMessage(end, 'HistogramDataPoint');
  };

  const readExponential: ReadItem = (reader, end) => {
    zeroThreshold.set(0);
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case EXPONENTIAL.ATTRIBUTES:
          attributes.add(reader, reader.length(end));
          break;
        case START_TIME:
          startTime.read(reader);
          break;
        case TIME:
          time.read(reader);
          break;
        case COUNT:
          count.read(reader);
          break;
        case SUM:
          sum.read(reader);
          break;
        case EXPONENTIAL.SCALE:
          scale.read(reader);
          break;
        case EXPONENTIAL.ZERO_COUNT:
          zeroCount.read(reader);
          break;
        case EXPONENTIAL.POSITIVE:
          positive.read(reader, reader.length(end));
          break;
        case EXPONENTIAL.NEGATIVE:
          negative.read(reader, reader.length(end));
          break;
        case EXPONENTIAL.EXEMPLARS:
          exemplars.read(reader, reader.length(end));
          break;
        case EXPONENTIAL.MIN:
          min.read(reader);
          break;
        case EXPONENTIAL.MAX:
          max.read(reader);
          break;
        case EXPONENTIAL.ZERO_THRESHOLD:
          zeroThreshold.read(reader);
          break;
        case EXPONENTIAL.FLAGS:
          flags = reader.int32();
          break;
        default:
          reader.skip(tag, end);
      }
    }
    reader.endMessage(end, 'ExponentialHistogramDataPoint');
  };

  /** Its sum has no presence of its own: 0 where it is not on the wire. */
  const readSummary: ReadItem = (reader, end) => {
    sum.set(0);
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case SUMMARY.ATTRIBUTES:
          attributes.add(reader, reader.length(end));
          break;
        case START_TIME:
          startTime.read(reader);
          break;
        case TIME:
          time.read(reader);
          break;
        case COUNT:
          count.read(reader);
          break;
        case SUM:
          sum.read(reader);
          break;
        case SUMMARY.QUANTILES:
          quantiles.read(reader, reader.length(end));
          break;
        case SUMMARY.FLAGS:
          flags = reader.int32();
          break;
        default:
          reader.skip(tag, end);
      }
    }
    reader.endMessage(end, 'SummaryDataPoint');
  };

  const distribution = [count, sum, min, max, exemplars];
  const histogram = [bucketCounts, explicitBounds];
  const exponential = [scale, zeroCount, zeroThreshold, positive, negative];
  const all = [value, ...distribution, ...histogram, ...exponential, quantiles];

  function message(read: ReadItem, has: readonly PointField[]): PointMessage {
    return { read, has, lacks: all.filter((field) => !has.includes(field)) };
  }

  return {
    number: message(readNumber, [value, exemplars]),
    histogram: message(readHistogram, [...distribution, ...histogram]),
    exponential: message(readExponential, [...distribution, ...exponential]),
    summary: message(readSummary, [count, sum, quantiles]),
    attributes,
    attributeLists: [attributes, exemplars.attributes],
    time,
    begin({ has }) {
      attributes.clear();
      time.clear();
      startTime.clear();
      flags = 0;
      exemplars.clear();
      for (const field of has) field.clear();
    },
    refusal: () => attributes.refusal ?? exemplars.refusal,
    appendRow({ has, lacks }) {
      time.appendRow();
      startTime.appendRow();
      flagsColumn.push(flags);
      attributes.appendRow();
      for (const field of has) field.appendRow();
      for (const field of lacks) field.appendNull();
    },
  };
}
