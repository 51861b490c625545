// The step that says whether the issuer may issue credentials of this type.
import { type IssuerTrust, isOwnIssuer, mayIssue } from '../trust/trusted-issuers.ts';
import { type TraceStep, traceStep } from './verdict.ts';

/**
 * For one of our types the issuer must be trusted; of other types this city judges nobody.
 *
 * @param own the DID as it is registered here; null where it is not
 */
export async function issuerStep(
  did: string,
  own: { kind: 'institution' | 'person' } | null,
  type: string | null,
  trust: IssuerTrust,
): Promise<TraceStep> {
  const data = { did };
  if (isOwnIssuer(own)) return traceStep('issuer', 'passed', 'ISSUER_TRUSTED', { data });
  if (type === null) return traceStep('issuer', 'not_checked', 'ISSUER_NOT_REGISTERED', { data });
  return (await mayIssue(did, own, type, trust))
    ? traceStep('issuer', 'passed', 'ISSUER_TRUSTED', { data: { did, type } })
    : traceStep('issuer', 'failed', 'ISSUER_NOT_TRUSTED', { data });
}
