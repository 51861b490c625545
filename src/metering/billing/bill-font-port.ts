// The typefaces that bills are printed with: Nanum Gothic, which has Korean and Latin letters, as files of its package.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const { resolve } = createRequire(import.meta.url);
const package_ = '@expo-google-fonts/nanum-gothic';

export interface BillFonts {
  plain: Buffer;
  bold: Buffer;
}

export async function readBillFonts(): Promise<BillFonts> {
  const [plain, bold] = await Promise.all(
    ['400Regular/NanumGothic_400Regular.ttf', '700Bold/NanumGothic_700Bold.ttf'].map((file) =>
      readFile(resolve(`${package_}/${file}`)),
    ),
  );
  if (plain === undefined || bold === undefined) throw new Error('a typeface is missing');
  return { plain, bold };
}
