/**
 * What the commands over files and manifests are made of. Each is loaded when it is called: the main thread of `convert`
 * only hands out files, and readers and encoders that nobody asks took 40 MB there.
 */
import type { convert as Convert } from './convert/convert.ts';
import type { importRows as ImportRows } from './import/import.ts';
import type { openManifest as OpenManifest } from './manifest/read.ts';
import type { writeManifest as WriteManifest } from './manifest/write.ts';
import type { openScan as OpenScan } from './open-scan.ts';
import type { uploadFiles as UploadFiles } from './upload/upload.ts';

export { parseAggregates } from './aggregates.ts';
export { convertOptions } from './convert/options.ts';
export type { ManifestProgress, ManifestSummary } from './manifest/read.ts';
export type { FileFailure } from './manifest/verify.ts';
export { readLocation } from './read-location.ts';
export { readSchemaInput } from './schema-input.ts';

export const convert: typeof Convert = async (...given) => {
  return (await import('./convert/convert.ts')).convert(...given);
};
export const importRows: typeof ImportRows = async (...given) => {
  return (await import('./import/import.ts')).importRows(...given);
};
export const openManifest: typeof OpenManifest = async (...given) => {
  return (await import('./manifest/read.ts')).openManifest(...given);
};
export const openScan: typeof OpenScan = async (...given) => {
  return (await import('./open-scan.ts')).openScan(...given);
};
export const uploadFiles: typeof UploadFiles = async (...given) => {
  return (await import('./upload/upload.ts')).uploadFiles(...given);
};
export const writeManifest: typeof WriteManifest = async (...given) => {
  return (await import('./manifest/write.ts')).writeManifest(...given);
};
