/** Lifecycle rules of the configuration as S3 has them, and texts of both. */
import type { LifecycleRule as S3Rule } from '@aws-sdk/client-s3';
import type { LifecycleRule } from '../config/types.ts';

export function toS3Rule(rule: LifecycleRule): S3Rule {
  const { expirationDays, noncurrentExpirationDays, newerNoncurrentVersions } = rule;
  const uploadDays = rule.abortIncompleteMultipartUploadDays;
  return {
    ID: rule.id,
    Status: rule.enabled ? 'Enabled' : 'Disabled',
    Filter: { Prefix: rule.prefix },
    ...(rule.transitions.length === 0
      ? {}
      : {
          Transitions: rule.transitions.map(({ days, storageClass }) => ({
            Days: days,
            StorageClass: storageClass as never, // other servers have tiers of their own
          })),
        }),
    ...(expirationDays === undefined ? {} : { Expiration: { Days: expirationDays } }),
    ...(noncurrentExpirationDays === undefined
      ? {}
      : {
          NoncurrentVersionExpiration: {
            NoncurrentDays: noncurrentExpirationDays,
            ...(newerNoncurrentVersions === undefined ? {} : { NewerNoncurrentVersions: newerNoncurrentVersions }),
          },
        }),
    ...(uploadDays === undefined ? {} : { AbortIncompleteMultipartUpload: { DaysAfterInitiation: uploadDays } }),
  };
}

/** What a rule does, in one line; rules that do the same have the same text, however the server writes them. */
export function ruleText(rule: S3Rule): string {
  const { Filter: filter, NoncurrentVersionExpiration: noncurrent } = rule;
  const prefix = filter?.And?.Prefix ?? filter?.Prefix ?? rule.Prefix ?? '';
  const tags = [...(filter?.Tag ? [filter.Tag] : []), ...(filter?.And?.Tags ?? [])];
  const larger = filter?.ObjectSizeGreaterThan ?? filter?.And?.ObjectSizeGreaterThan;
  const smaller = filter?.ObjectSizeLessThan ?? filter?.And?.ObjectSizeLessThan;
  const what = [
    prefix === '' ? 'all' : prefix,
    ...tags.map(({ Key, Value }) => `tag ${Key}=${Value}`),
    ...(larger === undefined ? [] : [`over ${larger} bytes`]),
    ...(smaller === undefined ? [] : [`under ${smaller} bytes`]),
  ];
  const kept = noncurrent?.NewerNoncurrentVersions ? `, but the newest ${noncurrent.NewerNoncurrentVersions}` : '';
  const actions = [
    ...(rule.Transitions ?? []).map((one) => `${one.StorageClass} ${when(one.Days, one.Date)}`),
    ...(rule.Expiration?.Days || rule.Expiration?.Date
      ? [`deleted ${when(rule.Expiration.Days, rule.Expiration.Date)}`]
      : []),
    ...(rule.Expiration?.ExpiredObjectDeleteMarker ? ['lone delete markers removed'] : []),
    ...(rule.NoncurrentVersionTransitions ?? []).map(
      (one) => `old versions ${one.StorageClass} ${when(one.NoncurrentDays)}`,
    ),
    ...(noncurrent ? [`old versions deleted ${when(noncurrent.NoncurrentDays)}${kept}`] : []),
    ...(rule.AbortIncompleteMultipartUpload
      ? [`uploads aborted ${when(rule.AbortIncompleteMultipartUpload.DaysAfterInitiation)}`]
      : []),
  ];
  return `${what.join(', ')}: ${actions.join('; ')}${rule.Status === 'Enabled' ? '' : ' (disabled)'}`;
}

function when(days: number | undefined, date?: Date): string {
  return date ? `from ${date.toISOString().slice(0, 10)}` : `after ${days} d`;
}
