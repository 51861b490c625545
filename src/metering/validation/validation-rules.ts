// The rules that judge. A new one is one file in rules/ and one line below.
//
// The list is written out rather than discovered: pure files can't read a directory, and a list is the same from sources and
// in a bundle. test/metering/validation/rules.test.ts fails when a rule is missing from it.
import type { ValidationRule } from './judged-day.ts';
import { limitsVersion } from './limits.ts';
import { conflict } from './rules/conflict.ts';
import { implausibleRate } from './rules/implausible-rate.ts';
import { missing } from './rules/missing.ts';
import { negative } from './rules/negative.ts';
import { spike } from './rules/spike.ts';
import { stuck } from './rules/stuck.ts';
import { unusualForPlace } from './rules/unusual-for-place.ts';
import { unusualForZone } from './rules/unusual-for-zone.ts';
import { wrongTime } from './rules/wrong-time.ts';
import { zeroTooLong } from './rules/zero-too-long.ts';

export const validationRules: readonly ValidationRule[] = [
  missing,
  conflict,
  negative,
  implausibleRate,
  spike,
  unusualForPlace,
  unusualForZone,
  zeroTooLong,
  stuck,
  wrongTime,
];

/** What a finding was judged with: the rule's version and that of the limits. */
export const versionOf = (rule: ValidationRule): string => `${rule.version}.${limitsVersion}`;
