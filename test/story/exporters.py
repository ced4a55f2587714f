"""Sends spans, log records and all kinds of metrics with the OpenTelemetry SDK's own OTLP exporters.

Usage: exporters.py grpc|http none|gzip|deflate ADDRESS SERVICE
Prints the ids of what it sent as one JSON object.
"""

import json
import sys

import grpc
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, format_span_id, format_trace_id

protocol, compression, address, service = sys.argv[1:]

if protocol == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    codes = {"none": grpc.Compression.NoCompression, "gzip": grpc.Compression.Gzip, "deflate": grpc.Compression.Deflate}

    def options(signal):
        return {"endpoint": address, "insecure": True, "compression": codes[compression]}

else:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    def options(signal):
        return {"endpoint": f"{address}/v1/{signal}", "compression": Compression(compression)}


resource = Resource.create({"service.name": service, "host.cpus": 4, "tags": ["a", "b"]})

tracers = TracerProvider(resource=resource)
tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(**options("traces"))))
tracer = tracers.get_tracer("shop", "1.2.3", schema_url="https://example.com/schema")
with tracer.start_as_current_span("POST /cart", kind=SpanKind.SERVER, attributes={"http.route": "/cart", "ratio": 0.25}) as parent:
    context = parent.get_span_context()
    with tracer.start_as_current_span("SELECT", kind=SpanKind.CLIENT, links=[Link(context, {"why": "test"})]) as child:
        child.add_event("row", {"n": 1})
        child.set_status(Status(StatusCode.ERROR, "no such item"))
    loggers = LoggerProvider(resource=resource)
    loggers.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(**options("logs"))))
    logger = loggers.get_logger("audit", "2.0")
    logger.emit(
        LogRecord(
            timestamp=1763715600000000123,
            severity_number=SeverityNumber.WARN,
            severity_text="warn",
            body={"item": 7, "text": "naïve \u0000 €"},
            event_name="cart.empty",
            attributes={"count": 9007199254740993},
        )
    )

meters = MeterProvider(
    resource=resource,
    metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter(**options("metrics")), export_interval_millis=3_600_000)],
    views=[View(instrument_name="sizes", aggregation=ExponentialBucketHistogramAggregation())],
)
meter = meters.get_meter("shop")
meter.create_counter("orders", unit="1", description="Orders").add(3, {"kind": "web"})
meter.create_up_down_counter("open").add(-2)
meter.create_gauge("temperature").set(21.5)
latency = meter.create_histogram("latency", unit="ms", explicit_bucket_boundaries_advisory=[1, 10])
for value in (0.5, 5, 50):
    latency.record(value)
meter.create_histogram("sizes").record(3)

sent = [tracers.force_flush(), loggers.force_flush(), meters.force_flush()]
for provider in (tracers, loggers, meters):
    provider.shutdown()
print(json.dumps({"sent": sent, "trace_id": format_trace_id(context.trace_id), "span_id": format_span_id(context.span_id)}))
