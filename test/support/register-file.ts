// Registers for tests: CSV files of plausible households, as an office's program would write them.

const families = ['김', '이', '박', '최', '정', '강', '조', '윤'];
const given = ['나루', '하늘', '보람', '가람', '누리', '다온'];

export const residentHeading = '관리번호,성,이름,생년월일,사는 구·동';

/** Line `n` of a register of residents, from 0. */
export function residentLine(n: number): string {
  const month = String((n % 12) + 1).padStart(2, '0');
  const day = String((n % 28) + 1).padStart(2, '0');
  const birth = `${1940 + (n % 80)}-${month}-${day}`;
  return `R-2026/${n},${families[n % families.length]},${given[n % given.length]},${birth},부산광역시 해운대구`;
}

export function residentRegister(rows: number): string {
  return [residentHeading, ...Array.from({ length: rows }, (_unused, n) => residentLine(n))].join('\r\n');
}

/** A file in pieces that end where it suits nobody. */
export async function* inPieces(text: string | Uint8Array, piece_bytes = 1_000): AsyncGenerator<Uint8Array> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  for (let at = 0; at < bytes.length; at += piece_bytes) yield bytes.subarray(at, at + piece_bytes);
}
