// The certificate and the key with which a server speaks HTTPS itself.
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { problem } from '../problem.ts';

export interface TlsFiles {
  certificateFile: string;
  keyFile: string;
}

export interface TlsMaterial {
  cert: string;
  key: string;
}

/** @throws SETTING_INVALID where a file can't be read, or the two don't belong together */
export async function readTlsFiles({ certificateFile, keyFile }: TlsFiles): Promise<TlsMaterial> {
  const read = (setting: string, file: string): Promise<string> =>
    readFile(file, 'utf8').catch(() => {
      throw problem('SETTING_INVALID', `${setting}: ${file} cannot be read; write the path of a PEM file.`);
    });
  const [cert, key] = await Promise.all([
    read('HTTP_TLS_CERT_FILE', certificateFile),
    read('HTTP_TLS_KEY_FILE', keyFile),
  ]);
  try {
    createSecureContext({ cert, key });
  } catch {
    throw problem(
      'SETTING_INVALID',
      'HTTP_TLS_CERT_FILE and HTTP_TLS_KEY_FILE: not a certificate and its key, in PEM.',
    );
  }
  return { cert, key };
}

/** What Fastify is told of it. Its type would make every route one of a TLS server, which no route cares about. */
export function over(tls: TlsMaterial | null | undefined): object {
  return tls ? { https: { ...tls, minVersion: 'TLSv1.2' } } : {};
}
