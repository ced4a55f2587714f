/** What the commands over files and manifests are made of; loaded when one of them runs. */
export { parseAggregates } from './aggregates.ts';
export { openScan } from './open-scan.ts';
