// The typefaces that bills are printed with: Nanum Gothic, which has Korean and Latin letters, as files of its package.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * The space has no outline and stands at the very end of the file; fontkit reads the header of an outline there all the
 * same (its `_getCBox`), which then must not lie outside.
 */
const glyphHeader_bytes = 10;
const padded = (font: Buffer) => Buffer.concat([font, Buffer.alloc(glyphHeader_bytes)]);

export async function readBillFonts(): Promise<{ plain: Buffer; bold: Buffer }> {
  const plain = await readFile(
    require.resolve('@expo-google-fonts/nanum-gothic/400Regular/NanumGothic_400Regular.ttf'),
  );
  const bold = await readFile(require.resolve('@expo-google-fonts/nanum-gothic/700Bold/NanumGothic_700Bold.ttf'));
  return { plain: padded(plain), bold: padded(bold) };
}
