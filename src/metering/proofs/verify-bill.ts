// Checks a bill from its won to the map's root, with nothing but the proof file: in a command, a wallet or a page alike. That
// the root is on the chain is asked of a chain, which this file does not know.
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { BillDocument } from '../billing/bill-document.ts';
import { dayBefore, isDate } from '../billing/billing-dates.ts';
import { LocalDays } from '../readings/local-days.ts';
import { billLeaf } from './bill-leaf.ts';
import { type BillProof, billProof } from './bill-proof.ts';
import { bytesOfText, type CheckedDays, checkMeterDays, isInMap, type ProofSeams } from './check-meter-days.ts';
import { checkPrice } from './check-price.ts';
import { checkUse, checkVolume, laterReadings } from './check-use.ts';
import { rootFromPath } from './merkle-tree.ts';
import { type ProofBreak, type ProofStep, stepOf } from './proof-steps.ts';

export interface VerifiedBill {
  /** Steps up to the map's roots; the chain's is for the caller to add. */
  steps: ProofStep[];
  /** null where the file has not the form of a proof. */
  proof: BillProof | null;
  document: BillDocument | null;
}

/** @param file the parsed JSON of a proof file: anything */
export function verifyBill(file: unknown, seams: ProofSeams): VerifiedBill {
  const parsed = billProof.safeParse(file);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0] ?? { path: [], message: '' };
    const place = path.join('.') || 'it';
    const says = {
      ko: `증명 파일의 형식이 아닙니다: ${place} ${message}`,
      en: `Not the form of a proof: ${place} ${message}`,
    };
    return { steps: [stepOf('form', [{ says }], says)], proof: null, document: null };
  }
  const proof = parsed.data;
  const form = stepOf('form', timeZoneBreaks(proof), {
    ko: '증명 파일의 형식이 맞습니다.',
    en: 'The file has the form of a proof.',
  });
  const document = documentOf(proof);
  const anchored = checkDocument(proof, document, seams);
  if (document === null || form.passed === false) return { steps: [form, anchored], proof, document };
  return { steps: [form, anchored, ...checkContent(proof, document, seams)], proof, document };
}

function documentOf({ bill }: BillProof): BillDocument | null {
  try {
    const document = JSON.parse(bill.document) as BillDocument;
    return document.naru_bill === 1 ? document : null;
  } catch {
    return null;
  }
}

function timeZoneBreaks({ zone_days }: BillProof): ProofBreak[] {
  const zones = new Set(zone_days.flatMap(({ meter_days }) => meter_days.map(({ time_zone }) => time_zone)));
  const [zone] = zones;
  try {
    if (zones.size === 1 && zone !== undefined) {
      new LocalDays(zone).at(0);
      return [];
    }
  } catch {
    // Told below.
  }
  return [{ says: { ko: '시간대가 하나가 아닙니다.', en: 'The days are not all of one time zone.' } }];
}

function checkDocument({ bill, epochs }: BillProof, document: BillDocument | null, seams: ProofSeams): ProofStep {
  const salt = bytesOfText(bill.salt);
  const digest = seams.sha256(utf8ToBytes(bill.document));
  const leaf = salt === null ? null : billLeaf(salt, digest, seams.sha256);
  const root = leaf && rootFromPath(leaf, bill.index, bill.size, bill.path.map(hexToBytes), seams.sha256);
  const holds = isInMap(epochs, 'bill-tree', String(bill.run), { ...bill, root }, seams);
  const breaks: ProofBreak[] = [];
  if (!holds) {
    breaks.push({
      says: {
        ko: '이 고지서는 기록된 고지서가 아닙니다: 그 해시가 공개된 루트로 이어지지 않습니다.',
        en: 'The bill is not the one that was recorded: its hash does not lead to the published root.',
      },
    });
  }
  if (document === null) breaks.push({ says: { ko: '고지서를 읽을 수 없습니다.', en: "The bill can't be read." } });
  return stepOf('document', breaks, {
    ko: `고지서 ${document?.number}(${bytesToHex(digest).slice(0, 12)}…)는 발행 때 기록된 그대로입니다.`,
    en: `Bill ${document?.number} (${bytesToHex(digest).slice(0, 12)}…) is as it was recorded when it was made.`,
  });
}

function checkContent(proof: BillProof, document: BillDocument, seams: ProofSeams): ProofStep[] {
  const timeZone = proof.zone_days[0]?.meter_days[0]?.time_zone ?? 'UTC';
  const { readings, bytes, ...counts } = checkMeterDays(
    proof,
    { first: document.use_from, last: lastDay(document) },
    seams,
  );
  const later = laterReadings(proof);
  const price = guarded(() => checkPrice(document, proof.tariff, seams.sha256));
  const volume = guarded(() => checkVolume(document, proof));
  const use = guarded(() => checkUse(document, proof, new LocalDays(timeZone)));
  const { total_won, tariff } = document;
  return [
    stepOf('price', price, {
      ko: `요금표 ${tariff?.name?.ko}로 다시 계산해도 ${total_won}원입니다.`,
      en: `By the tariff ${tariff?.name?.en} it comes to ${total_won} won again.`,
    }),
    stepOf('volume', volume, {
      ko: `청구한 사용량 ${proof.use.volume_l} L는 ${proof.use.version}판의 날짜별 합계입니다.`,
      en: `The ${proof.use.volume_l} l charged are the sum of the days of version ${proof.use.version}.`,
    }),
    stepOf('use', use, {
      ko: `날마다의 사용량이 검침값에서 같은 규칙으로 다시 나옵니다.${later > 0 ? ` 그 뒤에 온 검침값 ${later}개는 다음 고지서에서 정산합니다.` : ''}`,
      en: `Each day's use comes out of the readings again, by the same rule.${later > 0 ? ` ${later} readings came later: the next bill corrects.` : ''}`,
    }),
    stepOf('readings', readings, {
      ko: `검침값 ${counts.shown}개가 기록 당시 그대로입니다.${counts.hidden > 0 ? ` 다른 기간의 ${counts.hidden}개는 해시만 보입니다.` : ''}`,
      en: `${counts.shown} readings are as they were when they were hashed.${counts.hidden > 0 ? ` Of ${counts.hidden} of another time only hashes are shown.` : ''}`,
    }),
    bytesStep(bytes, counts),
  ];
}

/** What a document that is not the recorded one holds may be anything. */
function guarded(check: () => ProofBreak[]): ProofBreak[] {
  try {
    return check();
  } catch {
    return [{ says: { ko: '고지서의 내용을 읽을 수 없습니다.', en: 'What the bill says cannot be read.' } }];
  }
}

function lastDay({ use_until }: BillDocument): string {
  return isDate(use_until) ? dayBefore(use_until) : '';
}

function bytesStep(
  breaks: readonly ProofBreak[],
  { decoded, sealed, gone, withheld }: Pick<CheckedDays, 'decoded' | 'sealed' | 'gone' | 'withheld'>,
): ProofStep {
  const others = {
    ko: `${sealed > 0 ? ` ${sealed}개는 여기서 해독할 수 없어 해시만 확인했습니다.` : ''}${gone > 0 ? ` ${gone}개의 바이트는 보관 기간이 지났습니다.` : ''}${withheld > 0 ? ` 기간 끝의 ${withheld}개는 다른 기간의 값과 함께 와서 바이트를 보이지 않습니다.` : ''}`,
    en: `${sealed > 0 ? ` ${sealed} can't be decoded here; their bytes have their hash.` : ''}${gone > 0 ? ` The bytes of ${gone} are past their time.` : ''}${withheld > 0 ? ` ${withheld} at the ends came with others of another time: their bytes are not shown.` : ''}`,
  };
  const step = stepOf('bytes', breaks, {
    ko: `검침값 ${decoded}개를 계량기가 보낸 바이트에서 다시 읽었고, 같습니다.${others.ko}`,
    en: `${decoded} readings were read from the meter's bytes again, and are the same.${others.en}`,
  });
  return step.passed === true && decoded === 0 ? { ...step, passed: null } : step;
}
