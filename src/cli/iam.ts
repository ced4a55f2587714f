import { type Command, Option } from 'commander';
import { policyOf, ROLES, type Role } from '../catalog/policies.ts';
import { type CliContext, type CommonOptions, withConfig } from './context.ts';
import { createOutput } from './output.ts';

interface Options extends CommonOptions {
  readonly role?: Role;
}

export function addIamCommand(program: Command, context: CliContext): void {
  withConfig(program.command('iam'))
    .description('print the least IAM policy for the configured bucket, prefix and KMS key')
    .addOption(new Option('--role <role>', 'of this role (default: all, by name)').choices(ROLES))
    .option('--json', 'in one line')
    .addHelpText(
      'after',
      `
  writer   a bridge that takes rows: creates objects and commit records, ends its uploads; cannot delete rows
  reader   reads rows and commit records
  deleter  deletes partitions and leaves receipts; cannot read rows

A bridge that takes rows, serves reads and deletes gets all three.

Examples:
  otel-lake iam --role writer > writer.json
  aws iam create-policy --policy-name lake-writer --policy-document file://writer.json`,
    )
    .action((options: Options) => {
      const config = context.loadConfig(options.config);
      const { role } = options;
      const found = role
        ? policyOf(config, role)
        : Object.fromEntries(ROLES.map((one) => [one, policyOf(config, one)]));
      createOutput(false).line(JSON.stringify(found, undefined, options.json ? undefined : 2));
    });
}
