package main

import (
	"hash/maphash"
	"math"

	collectorlogs "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	collectormetrics "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	resourcepb "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// content is what a request holds by the reference: the number of its rows and the sum of their hashes.
type content struct {
	count uint32
	sum   uint64
	bits  byte
}

var seed = maphash.MakeSeed()

func hash(b []byte) uint64 { return maphash.Bytes(seed, b) }

var unmarshalOptions = proto.UnmarshalOptions{DiscardUnknown: true}
var marshalOptions = proto.MarshalOptions{Deterministic: true}

// add counts a row made of the parts, each behind its length.
func (c *content) add(parts ...[]byte) {
	var key []byte
	for _, part := range parts {
		key = protowire.AppendBytes(key, part)
	}
	c.count++
	c.sum += hash(key)
}

// marshal gives nil for an absent message, which differs from an empty one.
func marshal(m proto.Message, present bool) []byte {
	if !present {
		return []byte{0}
	}
	b, err := marshalOptions.Marshal(m)
	if err != nil {
		panic(err)
	}
	return append([]byte{1}, b...)
}

func traceContent(body []byte) (c content, err error) {
	var request collectortrace.ExportTraceServiceRequest
	if err := unmarshalOptions.Unmarshal(body, &request); err != nil {
		return c, err
	}
	for _, rs := range request.ResourceSpans {
		resource := c.resource(rs.Resource, rs.SchemaUrl)
		for _, ss := range rs.ScopeSpans {
			scope := c.scope(ss.Scope, ss.SchemaUrl)
			for _, span := range ss.Spans {
				c.attributes(span.Attributes)
				for _, event := range span.Events {
					c.attributes(event.Attributes)
				}
				for _, link := range span.Links {
					c.attributes(link.Attributes)
				}
				c.add(resource, scope, marshal(span, true))
			}
		}
	}
	return c, nil
}

func logContent(body []byte) (c content, err error) {
	var request collectorlogs.ExportLogsServiceRequest
	if err := unmarshalOptions.Unmarshal(body, &request); err != nil {
		return c, err
	}
	for _, rl := range request.ResourceLogs {
		resource := c.resource(rl.Resource, rl.SchemaUrl)
		for _, sl := range rl.ScopeLogs {
			scope := c.scope(sl.Scope, sl.SchemaUrl)
			for _, record := range sl.LogRecords {
				c.attributes(record.Attributes)
				c.value(record.Body)
				c.add(resource, scope, marshal(record, true))
			}
		}
	}
	return c, nil
}

func metricContent(body []byte) (c content, err error) {
	var request collectormetrics.ExportMetricsServiceRequest
	if err := unmarshalOptions.Unmarshal(body, &request); err != nil {
		return c, err
	}
	for _, rm := range request.ResourceMetrics {
		resource := c.resource(rm.Resource, rm.SchemaUrl)
		for _, sm := range rm.ScopeMetrics {
			scope := c.scope(sm.Scope, sm.SchemaUrl)
			for _, metric := range sm.Metrics {
				c.metric(resource, scope, metric)
			}
		}
	}
	return c, nil
}

func (c *content) metric(resource, scope []byte, metric *metricspb.Metric) {
	c.attributes(metric.Metadata)
	data := metric.Data
	metric.Data = nil
	head := marshal(metric, true)
	switch data := data.(type) {
	case *metricspb.Metric_Gauge:
		c.numbers(data.Gauge.GetDataPoints(), resource, scope, head, []byte{1})
	case *metricspb.Metric_Sum:
		kind := marshal(&metricspb.Sum{
			AggregationTemporality: data.Sum.GetAggregationTemporality(), IsMonotonic: data.Sum.GetIsMonotonic(),
		}, true)
		c.numbers(data.Sum.GetDataPoints(), resource, scope, head, append(kind, 2))
	case *metricspb.Metric_Histogram:
		kind := marshal(&metricspb.Histogram{AggregationTemporality: data.Histogram.GetAggregationTemporality()}, true)
		for _, point := range data.Histogram.GetDataPoints() {
			c.attributes(point.Attributes)
			c.exemplars(point.Exemplars)
			doubles(point.Sum, point.Min, point.Max)
			for i := range point.ExplicitBounds {
				doubles(&point.ExplicitBounds[i])
			}
			c.add(resource, scope, head, append(kind, 3), marshal(point, true))
		}
	case *metricspb.Metric_ExponentialHistogram:
		kind := marshal(&metricspb.ExponentialHistogram{
			AggregationTemporality: data.ExponentialHistogram.GetAggregationTemporality(),
		}, true)
		for _, point := range data.ExponentialHistogram.GetDataPoints() {
			c.attributes(point.Attributes)
			c.exemplars(point.Exemplars)
			doubles(point.Sum, point.Min, point.Max, &point.ZeroThreshold)
			c.add(resource, scope, head, append(kind, 4), marshal(point, true))
		}
	case *metricspb.Metric_Summary:
		for _, point := range data.Summary.GetDataPoints() {
			c.attributes(point.Attributes)
			doubles(&point.Sum)
			for _, quantile := range point.QuantileValues {
				doubles(&quantile.Quantile, &quantile.Value)
			}
			c.add(resource, scope, head, []byte{5}, marshal(point, true))
		}
	}
}

func (c *content) numbers(points []*metricspb.NumberDataPoint, context ...[]byte) {
	for _, point := range points {
		c.attributes(point.Attributes)
		c.exemplars(point.Exemplars)
		if value, ok := point.Value.(*metricspb.NumberDataPoint_AsDouble); ok {
			doubles(&value.AsDouble)
		}
		c.add(append(context[:len(context):len(context)], marshal(point, true))...)
	}
}

func (c *content) exemplars(exemplars []*metricspb.Exemplar) {
	for _, exemplar := range exemplars {
		c.attributes(exemplar.FilteredAttributes)
		if value, ok := exemplar.Value.(*metricspb.Exemplar_AsDouble); ok {
			doubles(&value.AsDouble)
		}
	}
}

func (c *content) resource(resource *resourcepb.Resource, schemaURL string) []byte {
	if resource != nil {
		c.attributes(resource.Attributes)
	}
	return append(marshal(resource, resource != nil), schemaURL...)
}

func (c *content) scope(scope *commonpb.InstrumentationScope, schemaURL string) []byte {
	if scope != nil {
		c.attributes(scope.Attributes)
	}
	return append(marshal(scope, scope != nil), schemaURL...)
}

// attributes makes an absent value an empty one: both mean "not set".
func (c *content) attributes(entries []*commonpb.KeyValue) {
	for _, entry := range entries {
		if entry.KeyStrindex != 0 {
			c.bits |= usesProfiles
		}
		if entry.Value == nil {
			entry.Value = &commonpb.AnyValue{}
		}
		c.value(entry.Value)
	}
}

func (c *content) value(value *commonpb.AnyValue) {
	switch v := value.GetValue().(type) {
	case *commonpb.AnyValue_DoubleValue:
		doubles(&v.DoubleValue)
	case *commonpb.AnyValue_ArrayValue:
		for _, item := range v.ArrayValue.GetValues() {
			c.value(item)
		}
	case *commonpb.AnyValue_KvlistValue:
		c.attributes(v.KvlistValue.GetValues())
	case *commonpb.AnyValue_StringValueStrindex:
		c.bits |= usesProfiles
	}
}

// doubles makes every NaN the same one: the bits of a NaN mean nothing.
func doubles(values ...*float64) {
	for _, value := range values {
		if value != nil && math.IsNaN(*value) {
			*value = math.NaN()
		}
	}
}
