// What contacts are written, Korean first: no name, no address, only by what they know whose home it is.
import { Temporal } from 'temporal-polyfill';

export interface ContactLetter {
  subject: string;
  text: string;
}

/** @param called by what the contact knows whose home it is @param since when it began, where that is said */
export function contactLetter(
  what: 'named' | 'no_use' | 'used_again',
  called: string,
  since: Date | null,
  timeZone: string,
): ContactLetter {
  const time = since === null ? '' : localTime(since, timeZone);
  const letter = letters[what](called, time);
  return { subject: letter.subject, text: `${letter.ko}\n${why.ko}\n\n${letter.en}\n${why.en}\n` };
}

const letters = {
  named: (called: string) => ({
    subject: `[나루] '${called}' 안부 연락처로 지정되었습니다`,
    ko: `'${called}'에 사시는 분이 수돗물 사용으로 안부를 확인하는 데 동의하면서 귀하를 연락처로 정했습니다. 물을 쓴 흔적이 없으면 이 주소로 알려 드립니다.`,
    en: `The person who lives at '${called}' agreed to a welfare check by water use and named you. We write to this address when no water seems to be used.`,
  }),
  no_use: (called: string, time: string) => ({
    subject: `[나루] '${called}'에서 물을 쓴 흔적이 없습니다`,
    ko: `'${called}'에서 ${time}부터 물을 쓴 흔적이 없습니다. 안부를 확인해 주세요. 위급해 보이면 119에 연락해 주세요.`,
    en: `No water has been used at '${called}' since ${time}. Please see how they are. If it looks like an emergency, call 119.`,
  }),
  used_again: (called: string, time: string) => ({
    subject: `[나루] '${called}'에서 다시 물을 씁니다`,
    ko: `'${called}'에서 ${time}부터 보이지 않던 물 사용이 다시 확인되었거나, 늦게 온 자료에서 사용이 확인되었습니다.`,
    en: `Water is used again at '${called}' after none was seen from ${time} on, or data that came late shows that it was.`,
  }),
} as const;

const why = {
  ko: '그분이 언제든지 동의를 거두면 귀하의 주소는 지워집니다.',
  en: 'They can withdraw at any time; your address is deleted then.',
};

function localTime(at: Date, timeZone: string): string {
  const zoned = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone);
  return zoned.toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ');
}
