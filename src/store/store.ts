/**
 * The one interface to object storage. Keys are relative to the lake's root (bucket and prefix, or directory), with `/`
 * between segments, never empty, never with `.`, `..` or empty segments.
 *
 * Errors are BridgeErrors sorted by what the caller can do: `not_found`, `already_exists` (a conditional create met an
 * object), `permission_denied`, `unauthenticated`, `unavailable` (may pass; already retried as configured), `config`
 * (missing bucket, wrong region), `cancelled` (its signal was aborted), `invalid_argument` (the key or the range).
 * Every method takes an AbortSignal where it can last.
 */

export interface ObjectInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly modifiedMs: number;
  readonly etag: string | undefined;
  /** As S3 names it, in listings of S3. */
  readonly storageClass?: string | undefined;
}

export interface ObjectHead extends ObjectInfo {
  /** User metadata, keys in lower case. Empty where the store keeps none. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface PutOptions {
  /** Create only: an existing object is left alone and the call fails with `already_exists`. */
  readonly ifAbsent?: boolean;
  readonly contentType?: string;
  /** User metadata; the file store does not keep it. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface PutResult {
  readonly key: string;
  readonly size: number;
  readonly etag: string | undefined;
}

/** An object on its way. Nothing is visible under the key before `close` has resolved. */
export interface ObjectWriter {
  /** Takes the bytes as they are (no copy is promised); resolves when more may be given (backpressure). */
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<PutResult>;
  /**
   * Whether the bytes so far go as a multipart upload. The id of one whose creation was answered with a lost answer is
   * known to nobody, so whoever alone writes a key looks for uploads that are still open under it (`listUploads`).
   */
  readonly isInParts: boolean;
  /** Leaves nothing behind. Never throws: what cannot be cleaned up is logged, so that the first error is kept. */
  abort(): Promise<void>;
}

/** Cut at the object's end; a range that is empty or begins past the end is an `invalid_argument`. */
export interface ByteRange {
  /** First byte. */
  readonly start: number;
  /** One past the last byte. */
  readonly end: number;
}

export interface ReadOptions {
  /** As a listing gave it; any other content under the key is a `conflict`. */
  readonly etag?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListOptions {
  /** Only keys that sort after this one. */
  readonly startAfter?: string;
  readonly signal?: AbortSignal;
}

export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly startedMs: number;
}

export interface CheckOptions {
  /**
   * Of whoever is going to write: whether the store keeps what writers rely on is tried out, until it was found once;
   * what differs from the configuration, and is no reason to stop, is told.
   */
  readonly forWriting?: boolean;
}

export interface ObjectStore {
  /** For messages: `s3://bucket/prefix` or the directory's path. */
  readonly location: string;
  put(key: string, body: Uint8Array, options?: PutOptions): Promise<PutResult>;
  /** Opens a writer for an object of unknown length. */
  write(key: string, options?: PutOptions): Promise<ObjectWriter>;
  /**
   * Uploads a stream of unknown length, pulling it as fast as the store takes it. When the stream or the store fails,
   * nothing is left behind and the first error is thrown (an error of the stream as it is).
   */
  uploadStream(key: string, source: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<PutResult>;
  /** The object's bytes, or those of a range. Nobody else looks at their memory: the caller may change it and give it back. */
  get(key: string, options?: { readonly range?: ByteRange; readonly signal?: AbortSignal }): Promise<Uint8Array>;
  /**
   * The object's bytes as they come, however large it is: one call, and one more for the rest where the answer breaks off.
   * An object that is replaced meanwhile is a `conflict`, so that no reader gets the beginning of one and the end of another.
   */
  read(key: string, options?: ReadOptions): AsyncIterable<Uint8Array>;
  head(key: string, options?: { readonly signal?: AbortSignal }): Promise<ObjectHead>;
  /**
   * All objects whose key begins with `prefix`, in the order of the keys' UTF-8 bytes. Objects of other writers whose
   * names are no keys here (a folder marker `a/`, an empty segment) are left out.
   */
  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo>;
  /** Deletes what exists; a missing key is no error. */
  delete(keys: readonly string[], options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Multipart uploads (file: temporary files) that were begun and neither completed nor aborted. */
  listUploads(prefix: string): Promise<readonly OpenUpload[]>;
  /** When a byte of an upload was last stored, or its start, where none was; undefined: it is no more. */
  lastActivity(upload: OpenUpload): Promise<number | undefined>;
  abortUpload(upload: OpenUpload): Promise<void>;
  /** Resolves when the store can be reached and used; otherwise throws the reason, with what to do. */
  check(options?: CheckOptions): Promise<void>;
  close(): void;
}
