import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ConfigError,
  ConnectorError,
  NotFoundError,
  ParquetError,
  S3Error,
  SchemaError,
  type Stage,
  toConnectorError,
} from '../../src/connector/errors.ts';
import { BridgeError, type ErrorCode } from '../../src/errors.ts';

test('every error inside becomes the class that a caller asks for, and keeps what it says', () => {
  const cases: [ErrorCode, Stage, new (...args: never[]) => ConnectorError][] = [
    ['config', 'store', ConfigError],
    ['not_found', 'read', NotFoundError],
    ['corrupt', 'read', ParquetError],
    ['internal', 'parquet', ParquetError],
    ['too_large', 'parquet', ParquetError],
    ['unavailable', 'read', S3Error],
    ['permission_denied', 'schema', S3Error],
    ['already_exists', 'schema', S3Error],
    ['invalid_argument', 'schema', SchemaError],
    ['invalid_argument', 'options', ConfigError],
    ['invalid_argument', 'read', ConfigError],
    ['unprocessable', 'read', SchemaError],
    ['unprocessable', 'store', S3Error],
    ['cancelled', 'store', ConnectorError],
  ];
  for (const [code, stage, Class] of cases) {
    const inner = new BridgeError(code, 'found this', { hint: 'Do that.' });
    const error = toConnectorError(inner, stage);
    assert.ok(error instanceof ConnectorError && error.constructor === Class, `${code} in ${stage} is ${error.name}`);
    assert.deepEqual(
      [error.name, error.code, error.message, error.hint, error.retryable, error.cause],
      [Class.name, code, 'found this', 'Do that.', inner.retryable, inner],
    );
    assert.equal(toConnectorError(error, 'store'), error);
  }
});
