// The typefaces that bills are printed with: Nanum Gothic, which has Korean and Latin letters, as files of its package.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export async function readBillFonts(): Promise<{ plain: Buffer; bold: Buffer }> {
  const plain = await readFile(
    require.resolve('@expo-google-fonts/nanum-gothic/400Regular/NanumGothic_400Regular.ttf'),
  );
  const bold = await readFile(require.resolve('@expo-google-fonts/nanum-gothic/700Bold/NanumGothic_700Bold.ttf'));
  return { plain, bold };
}
