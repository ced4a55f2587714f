/** What AWS Lambda calls: every CSV file that an event tells of is converted into OTEL_LAKE_TO. */
export { handler } from 'otel-lake-bridge/lambda';
