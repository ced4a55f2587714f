/** Which call of the S3 API a request is. */
import type { IncomingMessage } from 'node:http';

export interface S3Call {
  /** `UploadPart`. */
  readonly call: string;
  /** Number of the part; 0 where there is none. */
  readonly part: number;
}

export function callOf({ method, url = '' }: IncomingMessage): S3Call {
  const { pathname, searchParams } = new URL(url, 'http://server');
  const part = Number(searchParams.get('partNumber') ?? 0);
  const isBucket = pathname.split('/').filter(Boolean).length < 2;
  if (method === 'POST') {
    if (searchParams.has('delete')) return { call: 'DeleteObjects', part };
    return { call: searchParams.has('uploads') ? 'CreateMultipartUpload' : 'CompleteMultipartUpload', part };
  }
  if (method === 'PUT') return { call: isBucket ? 'CreateBucket' : part ? 'UploadPart' : 'PutObject', part };
  if (method === 'DELETE') return { call: 'AbortMultipartUpload', part };
  if (method === 'HEAD') return { call: 'HeadObject', part };
  if (searchParams.has('uploadId')) return { call: 'ListParts', part };
  if (searchParams.has('uploads')) return { call: 'ListMultipartUploads', part };
  return { call: isBucket ? 'ListObjectsV2' : 'GetObject', part };
}
