package main

import (
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	collectorlogs "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	collectormetrics "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// request is an export request of pdata.
type request interface {
	UnmarshalProto([]byte) error
	UnmarshalJSON([]byte) error
	MarshalProto() ([]byte, error)
	count() int
}

type signal struct {
	newRequest func() request
	reference  func([]byte) (content, error)
	message    protoreflect.MessageDescriptor
}

// signals is indexed by the signal byte of a case.
var signals = []signal{
	{func() request { return traces{ptraceotlp.NewExportRequest()} }, traceContent, (*collectortrace.ExportTraceServiceRequest)(nil).ProtoReflect().Descriptor()},
	{func() request { return logs{plogotlp.NewExportRequest()} }, logContent, (*collectorlogs.ExportLogsServiceRequest)(nil).ProtoReflect().Descriptor()},
	{func() request { return metrics{pmetricotlp.NewExportRequest()} }, metricContent, (*collectormetrics.ExportMetricsServiceRequest)(nil).ProtoReflect().Descriptor()},
}

type traces struct{ ptraceotlp.ExportRequest }

func (r traces) count() int { return r.Traces().SpanCount() }

type logs struct{ plogotlp.ExportRequest }

func (r logs) count() int { return r.Logs().LogRecordCount() }

type metrics struct{ pmetricotlp.ExportRequest }

func (r metrics) count() int { return r.Metrics().DataPointCount() }
