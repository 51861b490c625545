// CBOR read and written by a library that the product does not handle mdocs with.
import { decode, Tagged } from 'cborg';

/** Maps as maps; dates (0, 1004) and embedded CBOR (24) as `Tagged`. */
export function readCbor(bytes: Uint8Array): unknown {
  return decode(bytes, { useMaps: true, tags: Tagged.preserve(0, 24, 1004) });
}

/** Embedded CBOR opened. */
export function embedded(value: unknown): unknown {
  return readCbor((value as Tagged).value);
}
