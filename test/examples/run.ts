/** The examples by their names. They stand here and not in `src`, so that they are no part of the package. */

/** Prints a line. */
export type Print = (line: string) => void;

export type Example = (path: string, print: Print) => Promise<void>;

export const EXAMPLES: Readonly<Record<string, string>> = {
  basic: 'writes a file of records and reads some of them back',
  batch: 'writes many records from an async iterable, and what comes of one that does not fit',
  partitioning: 'puts rows into folders by value, time, hash and range, lists and deletes them',
  'schema-evolution': 'adds a column and widens another, and reads old and new files as one table',
  streaming: 'reads as a stream of Arrow batches, and follows what is committed',
};

export async function runExample(name: string, path: string, print: Print): Promise<void> {
  const { default: example } = (await import(`./${name}.ts`)) as { default: Example };
  await example(path, print);
}
