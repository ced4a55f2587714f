import type { Catalog } from '../catalog/catalog.ts';
import { createChangeSource } from '../catalog/changes.ts';
import type { Config } from '../config/types.ts';
import { openFresh } from '../ingest/fresh.ts';
import type { Layout } from '../model/layout.ts';
import type { TableName } from '../model/signal.ts';
import { systemFiles } from '../platform/files.ts';
import type { ReadDeps } from '../read/types.ts';
import type { ObjectStore } from '../store/store.ts';
import { tableSchemaOf } from './schemas.ts';

/** What a read of a table needs, over this configuration's store and journal. */
export function readDeps(
  config: Config,
  layout: Layout,
  store: ObjectStore,
  catalog: Catalog,
  table: TableName,
): ReadDeps {
  const { batchSize, parallelism } = config.operations;
  const fresh = { files: systemFiles, journalPath: config.journal.path, layout, batchSize };
  return {
    store,
    schema: tableSchemaOf(config, table),
    promotions: layout.promote[table],
    partitioning: layout.partitioning,
    objects: (name, partition, signal) => catalog.objects(name, { partition, signal }),
    changes: createChangeSource(store, catalog),
    committed: (commitIds, signal) => catalog.committed(commitIds, { signal }),
    fresh: { open: (name, { partition }) => openFresh(fresh, name, partition) },
    batchSize,
    parallelism,
    parquet: config.parquet,
  };
}
