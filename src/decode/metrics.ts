/**
 * Metrics of an ExportMetricsServiceRequest to rows of the table `metrics`, one a data point (model/metrics.ts). What the
 * points of a metric share is read first, wherever it stands, as in request.ts.
 *
 * The data of a metric is a oneof: of several members the last on the wire counts, and parts of that one message are
 * merged if no other member came between. A metric without data or without points makes no row.
 */
import type { TableBuilder } from '../batch/builder.ts';
import { AttributeList } from './attributes.ts';
import { checkMessage } from './check-message.ts';
import { type Context, pushRequiredText, readOptionalText } from './context.ts';
import { EnumColumn } from './enum-column.ts';
import type { MessageName } from './messages.ts';
import { createPoints, type PointMessage } from './points.ts';
import { PromotedColumns } from './promoted.ts';
import type { RowOptions, RowReader } from './request.ts';
import type { Tally } from './tally.ts';
import { pushTimestamp } from './time.ts';
import { LEN, tagOf, VARINT, type WireReader } from './wire.ts';

const NAME = tagOf(1, LEN);
const DESCRIPTION = tagOf(2, LEN);
const UNIT = tagOf(3, LEN);
const GAUGE = tagOf(5, LEN);
const SUM = tagOf(7, LEN);
const HISTOGRAM = tagOf(9, LEN);
const EXPONENTIAL_HISTOGRAM = tagOf(10, LEN);
const SUMMARY = tagOf(11, LEN);
const METADATA = tagOf(12, LEN);

/** Fields of the data messages, in all that have them. */
const DATA_POINTS = tagOf(1, LEN);
const AGGREGATION_TEMPORALITY = tagOf(2, VARINT);
const IS_MONOTONIC = tagOf(3, VARINT);

/** Positions are the numbers that EnumColumn takes. */
const TYPE_NAMES = ['GAUGE', 'SUM', 'HISTOGRAM', 'EXPONENTIAL_HISTOGRAM', 'SUMMARY'];
const TYPE_MESSAGES: readonly MessageName[] = ['Gauge', 'Sum', 'Histogram', 'ExponentialHistogram', 'Summary'];
const TEMPORALITY_NAMES = ['UNSPECIFIED', 'DELTA', 'CUMULATIVE'];

interface MetricType {
  /** Position in TYPE_NAMES. */
  readonly number: number;
  readonly points: PointMessage;
  readonly hasTemporality: boolean;
  readonly hasMonotonic: boolean;
}

export function createMetricReader(
  builder: TableBuilder,
  context: Context,
  tally: Tally,
  { limits, promote }: RowOptions,
): RowReader {
  const timestamp = builder.column('timestamp', 'timestamp');
  const name = builder.column('metric_name', 'string');
  const description = builder.column('description', 'string');
  const unit = builder.column('unit', 'string');
  const type = new EnumColumn(builder.column('type', 'string'), TYPE_NAMES);
  const temporalityColumn = builder.column('aggregation_temporality', 'string');
  const temporality = new EnumColumn(temporalityColumn, TEMPORALITY_NAMES);
  const isMonotonic = builder.column('is_monotonic', 'bool');
  const map = builder.column('metadata', 'map');
  const metadata = new AttributeList(map, builder.column('metadata_types', 'string'), limits);
  const points = createPoints(builder, limits);
  const promoted = new PromotedColumns(builder, promote, points.attributes, context.resourceAttributes);

  const gauge = { number: 0, points: points.number, hasTemporality: false, hasMonotonic: false };
  const sum = { number: 1, points: points.number, hasTemporality: true, hasMonotonic: true };
  const histogram = { number: 2, points: points.histogram, hasTemporality: true, hasMonotonic: false };
  const exponential = { number: 3, points: points.exponential, hasTemporality: true, hasMonotonic: false };
  const summary = { number: 4, points: points.summary, hasTemporality: false, hasMonotonic: false };

  /** The current metric: its data stands in the parts from dataStarts[i] to dataEnds[i], nearly always one. */
  const dataStarts: number[] = [];
  const dataEnds: number[] = [];
  let metricType: MetricType | undefined;
  let nameCode = -1;
  let descriptionCode = -1;
  let unitCode = -1;
  let temporalityNumber = 0;
  let monotonic = false;

  function noteData(reader: WireReader, end: number, found: MetricType): void {
    const dataEnd = reader.length(end);
    if (metricType !== found) {
      if (metricType !== undefined) dropData(reader, metricType);
      metricType = found;
    }
    dataStarts.push(reader.pos);
    dataEnds.push(dataEnd);
    reader.pos = dataEnd;
  }

  /** Data that data of another type replaces. */
  function dropData(reader: WireReader, { number }: MetricType): void {
    const { pos } = reader;
    for (let i = 0; i < dataStarts.length; i++) {
      reader.pos = dataStarts[i]!;
      checkMessage(reader, TYPE_MESSAGES[number]!, dataEnds[i]!);
    }
    reader.pos = pos;
    dataStarts.length = 0;
    dataEnds.length = 0;
  }

  /** What the metric's points share, but for what stands in its data. */
  function readMetric(reader: WireReader, end: number): void {
    metricType = undefined;
    dataStarts.length = 0;
    dataEnds.length = 0;
    nameCode = -1;
    descriptionCode = -1;
    unitCode = -1;
    metadata.clear();
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case NAME:
          nameCode = readOptionalText(name, reader, end);
          break;
        case DESCRIPTION:
          descriptionCode = readOptionalText(description, reader, end);
          break;
        case UNIT:
          unitCode = readOptionalText(unit, reader, end);
          break;
        case GAUGE:
          noteData(reader, end, gauge);
          break;
        case SUM:
          noteData(reader, end, sum);
          break;
        case HISTOGRAM:
          noteData(reader, end, histogram);
          break;
        case EXPONENTIAL_HISTOGRAM:
          noteData(reader, end, exponential);
          break;
        case SUMMARY:
          noteData(reader, end, summary);
          break;
        case METADATA:
          metadata.add(reader, reader.length(end));
          break;
        default:
          reader.skip(tag, end);
      }
    }
    reader.endMessage(end, 'Metric');
  }

  function readDataFields(reader: WireReader, end: number): void {
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === AGGREGATION_TEMPORALITY) temporalityNumber = reader.int32();
      else if (tag === IS_MONOTONIC) monotonic = reader.bool();
      else reader.skip(tag, end);
    }
    reader.endMessage(end, 'the data of a metric');
  }

  function readPoints(reader: WireReader, end: number, ofType: MetricType): void {
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === DATA_POINTS) readPoint(reader, reader.length(end), ofType);
      else reader.skip(tag, end);
    }
  }

  function readPoint(reader: WireReader, end: number, ofType: MetricType): void {
    const row = builder.rows;
    points.begin(ofType.points);
    ofType.points.read(reader, end);
    const refusal = points.refusal() ?? metadata.refusal ?? context.refusal;
    if (refusal !== undefined) {
      builder.truncate(row);
      tally.refuse('data point', refusal);
      return;
    }
    const timeMs = pushTimestamp(timestamp, points.time.hi, points.time.lo);
    points.appendRow(ofType.points);
    pushRequiredText(name, nameCode);
    description.push(descriptionCode);
    unit.push(unitCode);
    type.push(ofType.number);
    if (ofType.hasTemporality) temporality.push(temporalityNumber);
    else temporalityColumn.pushNull();
    if (ofType.hasMonotonic) isMonotonic.push(monotonic);
    else isMonotonic.pushNull();
    metadata.appendRow();
    context.appendRow();
    promoted.appendRow();
    if (!tally.accept('data point', timeMs)) builder.truncate(row);
  }

  function readItem(reader: WireReader, end: number): void {
    readMetric(reader, end);
    if (metricType === undefined) return;
    temporalityNumber = 0;
    monotonic = false;
    for (let i = 0; i < dataStarts.length; i++) {
      reader.pos = dataStarts[i]!;
      readDataFields(reader, dataEnds[i]!);
    }
    for (let i = 0; i < dataStarts.length; i++) {
      reader.pos = dataStarts[i]!;
      readPoints(reader, dataEnds[i]!, metricType);
    }
    reader.pos = end;
  }

  return {
    readItem,
    attributeLists: [metadata, ...points.attributeLists],
    beginRequest() {
      type.beginRequest();
      temporality.beginRequest();
      promoted.beginRequest();
    },
  };
}
