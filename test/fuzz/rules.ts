/**
 * Where the bridge and the other parsers may differ, each with its reason. What no rule names is a disagreement.
 *
 * Protobuf is put before two parsers: the reference (protobuf-go), since the bridge has to take and refuse what protobuf
 * does, and the Collector's pdata, whose own departures from protobuf are named here. For JSON there is no second parser
 * of OTLP's dialect, so that rules name the text they are about; what is accepted must at least be JSON to JSON.parse.
 */
import type { Verdict } from '../oracle/oracle.ts';
import type { FuzzCase } from './cases.ts';
import { jsonFacts } from './json-facts.ts';
import type { Outcome } from './subject.ts';
import { hasGroup } from './wire-facts.ts';

/** A case about which the two say something else. */
export interface Difference {
  readonly fuzzCase: FuzzCase;
  /** Without Content-Encoding. */
  readonly plain: Uint8Array;
  readonly outcome: Outcome;
  readonly pdata: Verdict;
  readonly reference: Verdict;
}

interface Rule {
  readonly name: string;
  readonly why: string;
  applies(difference: Difference): boolean;
}

/** The bridge refuses what the reference accepts, in protobuf. There is nothing that it accepts and the reference refuses. */
const REFERENCE_LENIENT: readonly Rule[] = [
  {
    name: 'group depth',
    why: 'Groups are followed 100 deep, as deep as protobuf in C++ and Java does; Go follows 10,000.',
    applies: ({ outcome }) => /groups nested deeper/.test(outcome.error),
  },
  {
    name: 'field number in a group',
    why: 'Field numbers end at 2^29 - 1 everywhere; Go takes larger ones inside of a group that it skips.',
    applies: ({ fuzzCase, plain, outcome }) =>
      /field number over/.test(outcome.error) && hasGroup(fuzzCase.signal, plain),
  },
];

/** The bridge accepts what pdata refuses, in protobuf. */
const PROTOBUF_LENIENT: readonly Rule[] = [
  {
    name: 'wire type',
    why: 'A known field of another wire type is an unknown field to protobuf; pdata refuses the request.',
    applies: ({ pdata }) => /wrong wireType/.test(pdata.error),
  },
  {
    name: 'id length',
    why: 'An id of the wrong length is refused with its row (partial success); pdata refuses the whole request.',
    applies: ({ pdata }) => /invalid (?:Trace|Span)ID length/.test(pdata.error),
  },
  {
    name: 'group',
    why: 'pdata ends a group at its first scalar and reads the rest of it as fields of the message around.',
    applies: ({ fuzzCase, plain }) => hasGroup(fuzzCase.signal, plain),
  },
];

/** The bridge refuses what pdata accepts, in protobuf. */
const PROTOBUF_STRICT: readonly Rule[] = [
  {
    name: 'UTF-8',
    why: 'Strings of protobuf are UTF-8, and Parquet readers fail on others; pdata does not look.',
    applies: ({ outcome }) => /not UTF-8/.test(outcome.error),
  },
  {
    name: 'field number',
    why: 'Field numbers end at 2^29 - 1; pdata drops the bits over 32.',
    applies: ({ outcome }) => /field number (over|0)/.test(outcome.error),
  },
  {
    name: 'group end',
    why: 'pdata does not look whether a group ends with the number it began with, and misreads what is inside.',
    applies: ({ fuzzCase, plain }) => hasGroup(fuzzCase.signal, plain),
  },
];

/** jsoniter stops inside the number, or says that it is no integer. */
const INTEGER_ERROR = /(?:Read|read)(?:Ui|I|i)nt|assertInteger|but found [.eE]/;

/** What pdata says of null where it wants a scalar. */
const NULL_ERROR = /unsupported value type|ReadBool: expect t or f|ReadStringAsSlice: expects/;

/** The bridge accepts what pdata refuses, in JSON. */
const JSON_LENIENT: readonly Rule[] = [
  {
    name: 'byte order mark',
    why: 'RFC 8259 lets a parser ignore a byte order mark.',
    applies: ({ plain }) => plain[0] === 0xef && plain[1] === 0xbb && plain[2] === 0xbf,
  },
  {
    name: 'empty key',
    why: 'pdata takes an empty key for the end of the object.',
    applies: ({ plain }) => jsonFacts(plain).hasEmptyKey,
  },
  {
    name: 'id length',
    why: 'An id of the wrong length is refused with its row (partial success); pdata refuses the whole request.',
    applies: ({ pdata }) => /ID\.UnmarshalJSONIter: length mismatch/.test(pdata.error),
  },
  {
    name: 'enum digits',
    why: 'Some senders write enums as strings of digits, as they do 64-bit integers; pdata takes names and numbers.',
    applies: ({ pdata, plain }) =>
      /ReadEnumValue: unknown string/.test(pdata.error) && jsonFacts(plain).hasStringOfDigits,
  },
  {
    name: 'escapes in ids and base64',
    why: 'pdata reads ids and bytes without resolving escapes.',
    applies: ({ pdata, plain }) => /ID\.UnmarshalJSONIter|base64/.test(pdata.error) && jsonFacts(plain).hasEscape,
  },
  {
    name: 'base64 variants',
    why: 'proto3 JSON takes both alphabets, with or without padding; pdata takes the standard one with padding only.',
    applies: ({ pdata }) => /base64/.test(pdata.error),
  },
  {
    name: 'null',
    why: 'null means "not set" for every field of proto3 JSON; pdata takes it for messages and lists only.',
    applies: ({ pdata, plain }) => NULL_ERROR.test(pdata.error) && jsonFacts(plain).hasNull,
  },
  {
    name: 'integer as 1.0 or 1e3',
    why: 'proto3 JSON takes integral numbers in any notation (and "-0", also of unsigned fields); pdata takes digits only.',
    applies: ({ pdata, plain }) => INTEGER_ERROR.test(pdata.error) && jsonFacts(plain).hasOddInteger,
  },
  {
    name: 'large numbers skipped',
    why: 'A number of an unknown field may be any that JSON has; pdata reads it as a double.',
    applies: ({ pdata }) => /readNumberAsString: invalid number|value out of range/.test(pdata.error),
  },
];

/** The bridge refuses what pdata accepts, in JSON. */
const JSON_STRICT: readonly Rule[] = [
  {
    name: 'not JSON',
    why: 'The text is not JSON (RFC 8259) or not UTF-8; pdata is lenient about commas, what follows, and bytes in strings.',
    applies: ({ plain }) => !jsonFacts(plain).isJson,
  },
  {
    name: 'top level',
    why: 'A request is an object; pdata takes null for an empty one.',
    applies: ({ plain }) => jsonFacts(plain).isNull,
  },
  {
    name: 'nesting',
    why: 'The depth of JSON is limited so that no input can exhaust the stack.',
    applies: ({ outcome }) => /nested deeper than \d+ levels/.test(outcome.error),
  },
  {
    name: 'numbers of Go',
    why: 'pdata reads numbers in strings as Go writes them ("+1", "007", "inf"), which proto3 JSON does not know.',
    applies: ({ outcome }) => /found a string that is no number|found another string/.test(outcome.error),
  },
  {
    name: 'empty key',
    why: 'pdata takes an empty key for the end of the object and reads no further.',
    applies: ({ plain }) => jsonFacts(plain).hasEmptyKey,
  },
];

/** Both accept, but count another number of rows. */
const OTHER_COUNT: readonly Rule[] = [
  {
    name: 'the reference counts as the bridge does',
    why: 'pdata replaces an earlier member of a oneof where protobuf merges the two, and misreads groups.',
    applies: ({ fuzzCase, outcome, reference }) =>
      fuzzCase.contentType === 'protobuf' && reference.accepted && reference.rows === rowsOf(outcome),
  },
  {
    name: 'empty key',
    why: 'pdata takes an empty key for the end of the object and reads no further.',
    applies: ({ fuzzCase, plain }) => fuzzCase.contentType === 'json' && jsonFacts(plain).hasEmptyKey,
  },
  {
    name: 'key twice',
    why: 'A member of a oneof that is there twice is merged, as protobuf merges messages; pdata keeps the last.',
    applies: ({ fuzzCase, plain }) => fuzzCase.contentType === 'json' && jsonFacts(plain).hasKeyTwice,
  },
];

/** Both accept the JSON, but pdata reads the bridge's protobuf as another request than the JSON itself. */
const OTHER_TRANSCODING: readonly Rule[] = [
  {
    name: 'key twice',
    why: 'What is there twice is merged, as protobuf merges messages; pdata keeps the last member of a oneof.',
    applies: ({ plain }) => jsonFacts(plain).hasKeyTwice,
  },
  {
    name: 'null',
    why: 'null means "not set"; pdata sets an empty string, array or map for a member of a oneof.',
    applies: ({ plain }) => jsonFacts(plain).hasNull,
  },
  {
    name: 'empty key',
    why: 'pdata takes an empty key for the end of the object and reads no further.',
    applies: ({ plain }) => jsonFacts(plain).hasEmptyKey,
  },
  {
    name: 'surrogates',
    why: 'A half of a surrogate pair becomes U+FFFD alone; pdata takes the half behind it for its partner and breaks that pair.',
    applies: ({ plain }) => jsonFacts(plain).hasHalfBeforePair,
  },
];

export interface Agreement {
  readonly agrees: boolean;
  /** Where they do not agree, the name of the rule that lets them. */
  readonly rule?: string | undefined;
}

function judge(rules: readonly Rule[], group: string, difference: Difference): Agreement {
  const rule = rules.find((candidate) => candidate.applies(difference));
  return { agrees: false, rule: rule && `${group}: ${rule.name}` };
}

function rowsOf({ result }: Outcome): number {
  return result === undefined ? 0 : result.accepted + result.rejected;
}

/** As `compare`, with the reference: protobuf-go for protobuf, JSON.parse for whether a text is JSON at all. */
export function compareWithReference(difference: Difference): Agreement {
  const { fuzzCase, plain, outcome, reference } = difference;
  const accepted = outcome.result !== undefined;
  if (fuzzCase.contentType === 'json') return { agrees: !accepted || jsonFacts(plain).isJson, rule: undefined };
  if (accepted !== reference.accepted) {
    return judge(accepted ? [] : REFERENCE_LENIENT, 'protobuf refused', difference);
  }
  return { agrees: reference.rows === rowsOf(outcome), rule: undefined };
}

/** Whether bridge and pdata say the same, else the name of the rule that lets them differ. */
export function compare(difference: Difference): Agreement {
  const { fuzzCase, outcome, pdata } = difference;
  const accepted = outcome.result !== undefined;
  if (accepted && !pdata.accepted) {
    return fuzzCase.contentType === 'json'
      ? judge(JSON_LENIENT, 'JSON accepted', difference)
      : judge(PROTOBUF_LENIENT, 'protobuf accepted', difference);
  }
  if (!accepted && pdata.accepted) {
    return fuzzCase.contentType === 'json'
      ? judge(JSON_STRICT, 'JSON refused', difference)
      : judge(PROTOBUF_STRICT, 'protobuf refused', difference);
  }
  if (accepted && pdata.rows !== rowsOf(outcome)) {
    return judge(OTHER_COUNT, 'rows', difference);
  }
  return { agrees: true };
}

export function compareTranscoding(difference: Difference, isEqual: boolean): Agreement {
  return isEqual ? { agrees: true } : judge(OTHER_TRANSCODING, 'transcoding', difference);
}
