// In your program: import { … } from 'otel-lake-bridge';
import { S3ParquetConnector } from '../../src/connector/index.ts';
import type { Print } from './run.ts';

const first = {
  fields: [
    { name: 'id', type: 'int32' },
    { name: 'price', type: 'decimal(8,2)' },
  ],
};

/** A wider id, a larger price, another order and a new column that may be null. */
const second = {
  fields: [
    { name: 'note', type: 'string' },
    { name: 'id', type: 'int64' },
    { name: 'price', type: 'decimal(12,2)' },
  ],
};

export default async function schemaEvolution(path: string, print: Print): Promise<void> {
  await using connector = await S3ParquetConnector.open({ storage: { path } });
  await connector.write({ schema: first, records: [{ id: 1, price: '1.50' }], fileName: 'first' });

  const { compatible, changes } = connector.validateSchemaCompatibility(first, second);
  print(`compatible: ${compatible}`);
  for (const { text } of changes) print(`  ${text}`);
  await connector.write({
    schema: second,
    records: [{ id: 5_000_000_000n, price: '1234567890.00', note: 'large' }],
    fileName: 'second',
  });

  const { records } = await connector.read({ selectFields: ['id', 'price', 'note'] });
  for (const { id, price, note } of records) print(`${id} ${price} ${note}`);

  const third = { fields: [{ name: 'id', type: 'string' }] };
  const refused = connector.validateSchemaCompatibility(second, third);
  print(`compatible: ${refused.compatible}`);
  for (const reason of refused.reasons) print(`  ${reason}`);
}
