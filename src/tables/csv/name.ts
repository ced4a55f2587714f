/** How names of CSV files end. */
export const CSV_NAME = /\.(csv|tsv|tab|psv|txt)(\.(gz|gzip|zst|zstd))?$/i;
