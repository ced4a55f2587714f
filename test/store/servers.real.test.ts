/** The conformance suite against S3 servers of other authors than MinIO's. */
import { createS3Store } from '../../src/store/s3.ts';
import { hasMoto, startMoto } from '../support/moto.ts';
import { startVersitygw, versitygwBinary } from '../support/versitygw.ts';
import { storeConformance } from './conformance.ts';
import { OPERATIONS, s3Config } from './s3-config.ts';

for (const [name, isThere, start, differences] of [
  ['versitygw', versitygwBinary() !== undefined, startVersitygw, {}],
  // Every upload was begun in November 2010, as it says.
  ['moto', hasMoto(), startMoto, { maxUploadStartErrorMs: Number.POSITIVE_INFINITY }],
] as const) {
  storeConformance(
    name,
    async () => {
      const server = await start();
      const store = createS3Store(s3Config(server.endpoint), OPERATIONS);
      return {
        store,
        async close() {
          store.close();
          await server.close();
        },
      };
    },
    { skip: !isThere, ...differences },
  );
}
