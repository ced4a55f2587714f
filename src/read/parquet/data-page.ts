/** A data page of either version, opened: where its levels are, and where its values begin. */
import type { CompressionCodec, PageHeader } from 'hyparquet';
import type { LeafForm } from './column-form.ts';
import type { LevelBytes } from './levels.ts';
import { decompress, type RawPage } from './page.ts';

export interface OpenPage {
  readonly encoding: string;
  readonly repetition: LevelBytes;
  readonly definition: LevelBytes;
  /** Values begin at `start`. */
  readonly bytes: Uint8Array;
  readonly start: number;
}

export type Decompress = (codec: CompressionCodec, body: Uint8Array, size: number) => Uint8Array;

/** Throws where the page is not what its header says. */
export function openDataPage(
  form: LeafForm,
  codec: CompressionCodec,
  { header, body }: RawPage,
  undo: Decompress = decompress,
): OpenPage {
  const { data_page_header: v1, data_page_header_v2: v2, uncompressed_page_size: size } = header;
  if (v2 !== undefined) {
    const { repetition_levels_byte_length: middle = 0, definition_levels_byte_length: length = 0 } = v2;
    const end = middle + length;
    if (end > body.length) throw new Error('its levels are cut off');
    const rest = body.subarray(end);
    return {
      encoding: v2.encoding,
      repetition: { bytes: body, start: 0, end: middle },
      definition: { bytes: body, start: middle, end },
      bytes: v2.is_compressed ? undo(codec, rest, size - end) : rest,
      start: 0,
    };
  }
  const { encoding, repetition_level_encoding, definition_level_encoding } = v1!;
  const bytes = undo(codec, body, size);
  const repetition = levelBytes(bytes, 0, form.repetition > 0, repetition_level_encoding);
  const definition = levelBytes(bytes, repetition.end, form.definition > 0, definition_level_encoding);
  return { encoding, repetition, definition, bytes, start: definition.end };
}

/** Undefined for pages that hold no rows. */
export function encodingOf({ data_page_header: v1, data_page_header_v2: v2 }: PageHeader): string | undefined {
  return v1?.encoding ?? v2?.encoding;
}

/** Levels of a page of version 1: their length, and the bytes. Where a column can have none, they are not there. */
function levelBytes(bytes: Uint8Array, start: number, areThere: boolean, encoding: string): LevelBytes {
  if (!areThere) return { bytes, start, end: start };
  if (encoding !== 'RLE') throw new Error(`levels in ${encoding}`);
  if (start + 4 > bytes.length) throw new Error('its levels are cut off');
  const end = start + 4 + new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(start, true);
  if (end > bytes.length) throw new Error('its levels are cut off');
  return { bytes, start: start + 4, end };
}
