/** The section `[s3]` of the TOML file as options of a program: the same keys in camelCase, with the same defaults. */

/** Who asks. "env" where nothing says otherwise: the SDK's own chain of variables, web identity and instance role. */
export interface S3CredentialsOptions {
  readonly type?: 'env' | 'profile' | 'explicit';
  /** Name in the AWS files; gives type "profile". */
  readonly profile?: string;
  /** Gives type "explicit", with the secret. */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
}

/** Encryption at rest: by the server (AES256, aws:kms), or before files leave the process (client). */
export interface S3EncryptionOptions {
  readonly type: 'AES256' | 'aws:kms' | 'client';
  readonly kmsKeyId?: string;
  /** Of type "aws:kms": a key of the bucket between, which saves calls to KMS. */
  readonly bucketKeyEnabled?: boolean;
  /** Of type "client": file with the key. */
  readonly keyFile?: string;
  readonly oldKeyFiles?: readonly string[];
  readonly oldKmsKeyIds?: readonly string[];
  readonly kmsEndpoint?: string;
}

/** Uploads of large files in parts. */
export interface S3MultipartOptions {
  readonly enabled?: boolean;
  /** Files of this many MiB and more go up in parts. Default 100. */
  readonly thresholdMb?: number;
  /** MiB a part, 5 and more. Default 16. */
  readonly partSizeMb?: number;
  /** Parts and files on their way at the same time, over all writes. Default 10. */
  readonly maxConcurrentUploads?: number;
  readonly abortAfterHours?: number;
}

/** A rule of the bucket's lifecycle, for a bucket that is made here. */
export interface S3LifecycleRule {
  readonly id: string;
  readonly prefix?: string;
  readonly enabled?: boolean;
  readonly transitions?: readonly { readonly days: number; readonly storageClass: string }[];
  readonly expirationDays?: number;
  readonly noncurrentExpirationDays?: number;
  readonly newerNoncurrentVersions?: number;
  readonly abortIncompleteMultipartUploadDays?: number;
}

/** A bucket, and how it is spoken to. */
export interface S3Options {
  /** Default: AWS_REGION, AWS_DEFAULT_REGION, else "us-east-1". */
  readonly region?: string;
  readonly bucket: string;
  /** Folder in the bucket that all paths are below. */
  readonly prefix?: string;
  /** URL of an S3 server other than AWS. */
  readonly endpoint?: string;
  /** Whether the bucket stands in the path of URLs; true where `endpoint` is set. */
  readonly forcePathStyle?: boolean;
  /** Whether `open` creates a missing bucket, with the settings named here. */
  readonly createBucket?: boolean;
  readonly blockPublicAccess?: boolean;
  readonly versioning?: boolean;
  readonly lifecycle?: readonly S3LifecycleRule[];
  /** AWS account that the bucket must belong to. */
  readonly expectedBucketOwner?: string;
  /** Of data files. */
  readonly storageClass?: string;
  readonly acl?: 'private' | 'bucket-owner-read' | 'bucket-owner-full-control';
  /** Of data files. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly checksums?: 'WHEN_SUPPORTED' | 'WHEN_REQUIRED';
  /** Whether the server knows `If-None-Match: *`. */
  readonly conditionalWrites?: boolean;
  readonly connectTimeoutSeconds?: number;
  readonly retryMaxDelaySeconds?: number;
  readonly maxConnections?: number;
  readonly credentials?: S3CredentialsOptions;
  readonly encryption?: S3EncryptionOptions;
  readonly multipart?: S3MultipartOptions;
}
