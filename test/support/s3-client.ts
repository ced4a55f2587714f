import { S3Client } from '@aws-sdk/client-s3';
import type { S3Server } from './minio.ts';

/** The SDK's own client as the owner of everything on a server; whoever takes it destroys it. */
export function s3Client({ endpoint, accessKey, secretKey }: Omit<S3Server, 'close'>): S3Client {
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
}
