/** A filter as it was written, before it is bound to a table. Positions are 0-based offsets into the text. */

export type CompareOp = '=' | '<>' | '<' | '<=' | '>' | '>=';

export interface NameOperand {
  readonly kind: 'name';
  readonly name: string;
  /** Written in double quotes: exact, and where it has a dot and is no column, an attribute. */
  readonly quoted: boolean;
  readonly at: number;
}

/** `attributes['http.route']` */
export interface EntryOperand {
  readonly kind: 'entry';
  readonly map: string;
  readonly key: string;
  readonly at: number;
}

export type LiteralOperand =
  | { readonly kind: 'string'; readonly value: string; readonly at: number }
  /** The digits as written, with their sign. */
  | { readonly kind: 'number'; readonly text: string; readonly at: number }
  | { readonly kind: 'bool'; readonly value: boolean; readonly at: number }
  | { readonly kind: 'null'; readonly at: number };

export type Operand = NameOperand | EntryOperand | LiteralOperand;

export type Expression =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Expression[] }
  | { readonly kind: 'not'; readonly term: Expression }
  | { readonly kind: 'compare'; readonly op: CompareOp; readonly left: Operand; readonly right: Operand }
  | {
      readonly kind: 'between';
      readonly operand: Operand;
      readonly low: Operand;
      readonly high: Operand;
      readonly negated: boolean;
    }
  | {
      readonly kind: 'in';
      readonly operand: Operand;
      readonly values: readonly LiteralOperand[];
      readonly negated: boolean;
    }
  | {
      readonly kind: 'like';
      readonly operand: Operand;
      readonly pattern: LiteralOperand;
      readonly escape: string | undefined;
      readonly negated: boolean;
    }
  | { readonly kind: 'isNull'; readonly operand: Operand; readonly negated: boolean }
  /** An operand that stands alone: a boolean column, TRUE, FALSE or NULL. */
  | { readonly kind: 'truth'; readonly operand: Operand };
