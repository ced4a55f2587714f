/** Keys of an Arrow field's metadata that say what becomes of the column in Parquet. */

/** Number of the column in the Parquet schema; known to Arrow's own implementations. */
export const FIELD_ID = 'PARQUET:field_id';

/** Name of an extension type (https://arrow.apache.org/docs/format/CanonicalExtensions.html). */
export const EXTENSION_NAME = 'ARROW:extension:name';

/** Over fixed binary of 16 bytes. */
export const UUID_EXTENSION = 'arrow.uuid';

/** Over strings. */
export const JSON_EXTENSION = 'arrow.json';
