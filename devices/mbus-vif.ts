// What a VIF says a value is, as far as a water meter's telegram needs it. Source: EN 13757-3:2018 clause 6.4, tables 10 to 14.

export type Quantity =
  | 'volume_l'
  | 'flow_m3_per_h'
  | 'flow_temperature_c'
  | 'external_temperature_c'
  | 'date'
  | 'date_time'
  | 'battery_v'
  | 'battery_left_days'
  | 'storage_interval_months'
  | 'error_flags'
  | 'fabrication_number'
  | 'other'
  | 'manufacturer_specific';

export interface Meaning {
  quantity: Quantity;
  /** The number in the record counts `times` × 10^`exponent` of the unit. Apart, so that 12565 × 10^-3 is 12.565 exactly. */
  times: number;
  exponent: number;
  modifiers: number[];
}

/** `codes`: the VIF and its extensions as sent. */
export function meaningOf(codes: readonly number[]): Meaning {
  const [first = 0x7f, second = 0] = codes;
  const primary = first & 0x7f;
  if (first === 0xfd) return withModifiers(secondTable(second & 0x7f), codes, 2);
  if (first === 0xfb) return withModifiers(firstTable(second & 0x7f), codes, 2);
  if (primary === 0x7f) return withModifiers({ quantity: 'manufacturer_specific', times: 1, exponent: 0 }, codes, 1);
  return withModifiers(primaryTable(primary), codes, 1);
}

type Entry = Omit<Meaning, 'modifiers'>;

const other: Entry = { quantity: 'other', times: 1, exponent: 0 };

function primaryTable(vif: number): Entry {
  const low = vif & 7;
  const family = vif >> 3;
  if (family === 0x02) return { quantity: 'volume_l', times: 1, exponent: low - 3 };
  if (family === 0x07) return { quantity: 'flow_m3_per_h', times: 1, exponent: low - 6 };
  if (family === 0x08) return { quantity: 'flow_m3_per_h', times: 60, exponent: low - 7 };
  if (family === 0x09) return { quantity: 'flow_m3_per_h', times: 3600, exponent: low - 9 };
  if (vif >= 0x58 && vif <= 0x5b) return { quantity: 'flow_temperature_c', times: 1, exponent: (vif & 3) - 3 };
  if (vif >= 0x64 && vif <= 0x67) return { quantity: 'external_temperature_c', times: 1, exponent: (vif & 3) - 3 };
  if (vif === 0x6c) return { quantity: 'date', times: 1, exponent: 0 };
  if (vif === 0x6d) return { quantity: 'date_time', times: 1, exponent: 0 };
  if (vif === 0x78) return { quantity: 'fabrication_number', times: 1, exponent: 0 };
  return other;
}

/** The table behind FD: what the standard added later, and things about the device. */
function secondTable(vif: number): Entry {
  if (vif === 0x17) return { quantity: 'error_flags', times: 1, exponent: 0 };
  if (vif === 0x28) return { quantity: 'storage_interval_months', times: 1, exponent: 0 };
  if (vif >= 0x40 && vif <= 0x4f) return { quantity: 'battery_v', times: 1, exponent: (vif & 0x0f) - 9 };
  if (vif === 0x74) return { quantity: 'battery_left_days', times: 1, exponent: 0 };
  return other;
}

/** The table behind FB: large units. */
function firstTable(vif: number): Entry {
  if (vif === 0x10 || vif === 0x11) return { quantity: 'volume_l', times: 1, exponent: (vif & 1) + 5 };
  return other;
}

/**
 * Extensions that change the number itself are worked in; the rest say what it is a value of. `7D` multiplies by a
 * thousand, `70`–`77` by 10^(n−6); what follows `7F` is the manufacturer's, and so is what the value is of.
 */
function withModifiers(entry: Entry, codes: readonly number[], from: number): Meaning {
  let { exponent } = entry;
  const modifiers: number[] = [];
  for (const code of codes.slice(from)) {
    const extension = code & 0x7f;
    if (extension === 0x7f) {
      modifiers.push(extension);
      break;
    }
    if (extension === 0x7d) exponent += 3;
    else if (extension >= 0x70 && extension <= 0x77) exponent += extension - 0x76;
    else modifiers.push(extension);
  }
  return { quantity: entry.quantity, times: entry.times, exponent, modifiers };
}
