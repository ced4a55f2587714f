/** The Dockerfiles of the examples: checked by a linter, and their very commands run from the packed package against MinIO. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DockerfileParser, type JSONInstruction } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import type { ObjectStore } from '../../src/store/store.ts';
import { keysOf } from '../store/conformance.ts';
import { openBucket } from '../store/open-bucket.ts';
import { installPackage, run } from '../support/installed-package.ts';
import { type Minio, minioBinary, startMinio } from '../support/minio.ts';
import { tempFolder } from '../support/temp.ts';
import { realCsv } from '../tables/real-csv.ts';

const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

interface Image {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What an image of this Dockerfile would start with. */
function imageOf(name: string): Image {
  const file = DockerfileParser.parse(readFileSync(fileOf(`${name}/Dockerfile`), 'utf8'));
  const words = (instruction: JSONInstruction | undefined) =>
    instruction?.getJSONStrings().map((word) => JSON.parse(word.getValue()) as string) ?? [];
  const properties = file.getENVs().flatMap((env) => env.getProperties());
  return {
    entrypoint: words(file.getENTRYPOINTs().at(-1)),
    cmd: words(file.getCMDs().at(-1)),
    env: Object.fromEntries(properties.map((property) => [property.getName(), property.getValue() ?? ''])),
  };
}

for (const name of ['container', 'lambda']) {
  test(`the Dockerfile of ${name} is sound`, () => {
    const found = validate(readFileSync(fileOf(`${name}/Dockerfile`), 'utf8'));
    assert.deepEqual(
      found.map(({ message }) => message),
      [],
    );
  });
}

describe('images of the packed package', { skip: !minioBinary() }, () => {
  let minio: Minio;
  let store: ObjectStore;
  let app: string;
  let env: NodeJS.ProcessEnv;
  const folder = tempFolder({ after: (remove) => after(remove as () => void) });

  before(async () => {
    minio = await startMinio();
    store = await openBucket(minio, 'images');
    await store.put('in/stocks.csv', readFileSync(realCsv('stocks.csv')));
    app = await installPackage(folder);
    env = {
      PATH: process.env.PATH,
      AWS_ACCESS_KEY_ID: minio.accessKey,
      AWS_SECRET_ACCESS_KEY: minio.secretKey,
      AWS_ENDPOINT_URL_S3: minio.endpoint,
      AWS_REGION: 'us-east-1',
    };
  });
  after(async () => {
    store?.close();
    await minio?.close();
  });

  /** In the image the package is installed in /app. */
  const start = ({ entrypoint, env: own }: Image, words: readonly string[]) => {
    const [program, ...first] = entrypoint.map((word) => word.replace(/^\/app\//, `${app}/`));
    return run(program!, [...first, ...words], app, { ...env, ...own });
  };

  test('the container converts what its arguments say, and says how it is used without any', async () => {
    const image = imageOf('container');
    assert.match(await start(image, image.cmd), /^Usage: otel-lake convert/);
    const words = ['s3://images/in/', '--to', 's3://images/out/', '--formats', 'parquet,avro', '--json'];
    const report = JSON.parse(await start(image, words)) as { totals: { converted: number; rows: number } };
    assert.deepEqual([report.totals.converted, report.totals.rows], [1, 560]);
    assert.deepEqual(await keysOf(store, 'out/'), ['out/stocks.avro', 'out/stocks.parquet']);
  });

  test('the function of the image converts what an event of S3 tells of', async () => {
    const image = imageOf('lambda');
    const [module, name] = image.cmd[0]!.split('.') as [string, string];
    copyFileSync(fileOf(`lambda/${module}.mjs`), join(app, `${module}.mjs`));
    const event = {
      Records: [
        { eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'images' }, object: { key: 'in/stocks.csv' } } },
      ],
    };
    // As Lambda's runtime does: it imports the module, takes the handler by its name, and awaits what it gives.
    const runtime = `const { ${name} } = await import(${JSON.stringify(pathToFileURL(join(app, `${module}.mjs`)).href)});
      console.log(JSON.stringify(await ${name}(${JSON.stringify(event)})));`;
    const given = { ...env, ...image.env, OTEL_LAKE_TO: 's3://images/arrived/' };
    writeFileSync(join(app, 'runtime.mjs'), runtime);
    const printed = await run(process.execPath, ['runtime.mjs'], app, given);
    const report = JSON.parse(printed) as { totals: { rows: number; failed: number } };
    assert.deepEqual([report.totals.rows, report.totals.failed], [560, 0]);
    assert.deepEqual(await keysOf(store, 'arrived/'), ['arrived/stocks.avro', 'arrived/stocks.parquet']);
  });
});
