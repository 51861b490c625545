// Checks a bill's proof where the person is: the same code as the command's, with what browsers have. Loaded when asked for.
import { sha256 } from '@noble/hashes/sha2.js';
import { anchorKey } from '../../src/anchoring/anchor-keys.ts';
import { proofHolds } from '../../src/anchoring/proofs.ts';
import { canonicalJson } from '../../src/metering/billing/canonical-json.ts';
import { decodePlain } from '../../src/metering/proofs/decode-plain.ts';
import { isProven, type ProofStep, stepOf } from '../../src/metering/proofs/proof-steps.ts';
import { type VerifiedBill, verifyBill } from '../../src/metering/proofs/verify-bill.ts';

export interface CheckedBill extends VerifiedBill {
  proven: boolean;
}

/** @param shown the bill as the page shows it: it has to be the one that is proven */
export function checkBill(file: unknown, shown: object): CheckedBill {
  const checked = verifyBill(file, { sha256, keyOf: anchorKey, mapHolds: proofHolds, decode: decodePlain });
  const isShown = checked.proof === null || checked.proof.bill.document === canonicalJson(shown);
  const steps = checked.steps.map((one) =>
    one.step === 'document' && !isShown ? stepOf('document', [otherShown, ...one.breaks], one.says) : one,
  );
  return { ...checked, proven: isProven(steps), steps: [...steps, ...chainSteps(checked)] };
}

const otherShown = {
  says: {
    ko: '화면의 고지서가 증명된 고지서와 다릅니다.',
    en: 'The bill on this page is not the one that is proven.',
  },
};

/** A page asks no chain: it shows what to look for there. */
function chainSteps({ proof }: VerifiedBill): ProofStep[] {
  if (proof === null) return [];
  const numbers = proof.epochs.map(({ epoch }) => epoch).join(', ');
  const says = {
    ko: `회차 ${numbers}의 루트가 아래 계약에 같은 값으로 있는지, 아무 체인 조회 도구로나 견주어 보세요.`,
    en: `With any chain explorer, see that the contract below has the same root for epoch ${numbers}.`,
  };
  return [{ step: 'chain', passed: null, says, breaks: [] }];
}
