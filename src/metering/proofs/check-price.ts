// Prices a bill again by the tariff's text, and adds it up: every won of it has to come out.
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { type BillDocument, requestOf } from '../billing/bill-document.ts';
import { canonicalJson } from '../billing/canonical-json.ts';
import { priceUse } from '../billing/price-use.ts';
import { pricedJson } from '../billing/priced-json.ts';
import { readTariff } from '../billing/read-tariff.ts';
import type { Sha256 } from './merkle-tree.ts';
import type { ProofBreak } from './proof-steps.ts';

export function checkPrice(document: BillDocument, tariffText: string, sha256: Sha256): ProofBreak[] {
  if (bytesToHex(sha256(utf8ToBytes(tariffText))) !== document.tariff.sha256) {
    return [broken('요금표가 고지서에 적힌 해시와 다릅니다.', 'The tariff is not the one whose hash the bill names.')];
  }
  let priced: ReturnType<typeof pricedJson>;
  try {
    priced = pricedJson(priceUse(readTariff(tariffText, 'the tariff'), requestOf(document)));
  } catch (error) {
    const { message } = error as Error;
    return [broken(`요금표로 다시 계산할 수 없습니다: ${message}`, `The tariff can't price it again: ${message}`)];
  }
  return [...differences(document, priced), ...sumsOf(document)];
}

function differences(document: BillDocument, priced: ReturnType<typeof pricedJson>): ProofBreak[] {
  const breaks: ProofBreak[] = [];
  for (const component of priced.components) {
    const charged = document.components.find(({ id }) => id === component.id);
    if (charged !== undefined && canonicalJson(charged) === canonicalJson(component)) continue;
    breaks.push(
      broken(
        `${component.name.ko}: 고지서는 ${charged?.amount_won ?? '없음'}원, 다시 계산하면 ${component.amount_won}원입니다.`,
        `${component.name.en}: the bill says ${charged?.amount_won ?? 'nothing'} won, worked out again it is ${component.amount_won}.`,
      ),
    );
  }
  const { verified, components, superseded, rounding, exact_won, total_won } = document;
  const charged = { verified, components, superseded, rounding, exact_won, total_won };
  if (breaks.length === 0 && canonicalJson(charged) !== canonicalJson(priced)) {
    breaks.push(
      broken(
        `합계: 고지서는 ${total_won}원, 다시 계산하면 ${priced.total_won}원입니다.`,
        `The total: the bill says ${total_won} won, worked out again it is ${priced.total_won}.`,
      ),
    );
  }
  return breaks;
}

/** Corrections of earlier bills are those bills' to prove; here they have to add up. */
function sumsOf(document: BillDocument): ProofBreak[] {
  const corrected = document.corrections.reduce((sum, { amount_won }) => sum + amount_won, 0);
  const due = document.total_won + corrected - document.credit_won;
  const adds = document.payable_won === Math.max(due, 0) && document.credit_left_won === Math.max(-due, 0);
  return adds
    ? []
    : [
        broken(
          `합계 ${document.total_won}원에 정산 ${corrected}원을 더하고 ${document.credit_won}원을 빼면 납부액 ${document.payable_won}원이 되지 않습니다.`,
          `${document.total_won} won with corrections of ${corrected} less ${document.credit_won} is not ${document.payable_won}.`,
        ),
      ];
}

const broken = (ko: string, en: string): ProofBreak => ({ says: { ko, en } });
