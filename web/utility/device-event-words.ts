// What looks wrong with a device, in both languages: the service keeps one sentence in English, of one of a few shapes.
import type { Text } from '../shared/language.tsx';

const shapes: { of: RegExp; ko: (...parts: string[]) => string }[] = [
  {
    of: /^(\d+) connections took each other's place, from (.+)$/,
    ko: (count, from) =>
      `연결 ${count}개가 서로 밀어냈습니다. 주소: ${from}. 같은 이름을 쓰는 장치가 둘인지 확인하세요.`,
  },
  {
    of: /^sends more than (\S+) messages a second; it is held up$/,
    ko: (most) => `1초에 ${most}건 넘게 보내서 늦추고 있습니다.`,
  },
  {
    of: /^was closed for what it may not do: topic$/,
    ko: () => '제 것이 아닌 주제로 보내거나 받으려 해서 연결을 끊었습니다.',
  },
  {
    of: /^was closed for what it may not do: retained$/,
    ko: () => '브로커에 남겨 두는(retained) 신호를 보내서 연결을 끊었습니다.',
  },
  {
    of: /^was closed for what it may not do: (.+)$/,
    ko: (reason) => `허용되지 않은 일을 해서 연결을 끊었습니다 (${reason}).`,
  },
  {
    of: /^an acknowledgement that is not (.+)$/,
    ko: (form) => `명령에 대한 응답이 ${form} 형식이 아닙니다.`,
  },
  {
    of: /^an acknowledgement of a command that it was not sent$/,
    ko: () => '이 장치에 보내지 않은 명령에 응답했습니다.',
  },
];

/** A sentence of no known shape stays as it is. */
export function deviceEventText(detail: string): Text {
  for (const { of, ko } of shapes) {
    const found = of.exec(detail);
    if (found !== null) return { ko: ko(...found.slice(1)), en: detail };
  }
  return { ko: detail, en: detail };
}
