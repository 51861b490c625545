// Faults as codes with their data, and the sentences for them in Korean and English: one catalogue gives both, so that a page
// says in its reader's language what the service answers in English.

/** One sentence in both languages, with places such as `{least}` for the data. */
export interface FaultSentence {
  ko: string;
  en: string;
}

export type FaultCatalogue = Readonly<Record<string, FaultSentence>>;
export type FaultData = Readonly<Record<string, string | number>>;

export interface CodedFault {
  code: string;
  data: FaultData;
}

/** As a service answers it: the code and the data for programs and pages, and the English sentence. */
export interface Fault extends CodedFault {
  problem: string;
}

type Placed<Sentence extends string> = Sentence extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placed<Rest>
  : never;
/** What has to be given with a code. */
export type DataOf<Catalogue extends FaultCatalogue, Code extends keyof Catalogue> = [
  Placed<Catalogue[Code]['en']>,
] extends [never]
  ? []
  : [data: Readonly<Record<Placed<Catalogue[Code]['en']>, string | number>>];

/** Makes faults of one catalogue; the compiler asks for what their sentences name. */
export function faultsIn<Catalogue extends FaultCatalogue>(catalogue: Catalogue) {
  return <Code extends keyof Catalogue & string>(code: Code, ...[data]: DataOf<Catalogue, Code>): Fault => {
    const known: FaultData = data ?? {};
    return { code, data: known, problem: filled(catalogue[code]?.en ?? code, known) };
  };
}

/** @returns null where the catalogue does not know the code */
export function faultText(
  catalogue: FaultCatalogue,
  { code, data }: Pick<Fault, 'code' | 'data'>,
): FaultSentence | null {
  const sentence = Object.hasOwn(catalogue, code) ? catalogue[code] : undefined;
  return sentence === undefined ? null : { ko: filled(sentence.ko, data), en: filled(sentence.en, data) };
}

function filled(sentence: string, data: FaultData): string {
  return sentence.replace(/\{(\w+)\}/g, (place, name: string) => String(data[name] ?? place));
}
