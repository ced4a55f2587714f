/** What the commands over files and manifests are made of; loaded when one of them runs. */
export { parseAggregates } from './aggregates.ts';
export { convert } from './convert/convert.ts';
export { convertOptions } from './convert/options.ts';
export { importRows } from './import/import.ts';
export type { ManifestProgress, ManifestSummary } from './manifest/read.ts';
export { openManifest } from './manifest/read.ts';
export type { FileFailure } from './manifest/verify.ts';
export { writeManifest } from './manifest/write.ts';
export { openScan } from './open-scan.ts';
export { readLocation } from './read-location.ts';
export { readSchemaInput } from './schema-input.ts';
export { uploadFiles } from './upload.ts';
