// SHA digests of the documents that are bundled here, as they are published at their addresses.
import { VC_CONTEXT } from './vc-terms.ts';

/** Base64, as Subresource Integrity writes them. */
interface Digests {
  sha256: string;
  sha384: string;
}

/**
 * By address, the newest edition first. The bundled copy defines the terms of each edition listed here alike, so a
 * credential may fix any of them. Source: VC Data Model 2.0, B.1; the relatedResource fixtures of its test suite.
 */
export const publishedDigests: ReadonlyMap<string, readonly Digests[]> = new Map([
  [
    VC_CONTEXT,
    [
      {
        sha256: 'WZVc7WaX1h4D8rJVb+vlMIqxaEKEb1tYbX8fet7JJzQ=',
        sha384: 'l/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU',
      },
      {
        sha256: 'JKGMkOmFbVJhEfKTduMC2XCyvRAYLjOVmZWwIH1wQ7k=',
        sha384: 'NSOcNpmdIVUxIJGvGUoe22FjTWrXiaXlsZ8q6912LdnR3KraQO2n75Ica4wK4Qeg',
      },
    ],
  ],
]);
