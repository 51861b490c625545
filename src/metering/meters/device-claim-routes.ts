// What a device or its installer may ask without any credential: to turn a claim code into one, and the authority's papers.
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { deviceLimits } from '../intake/device-limits.ts';
import { instant } from './device-answers.ts';
import type { DeviceAuthority } from './device-authority-service.ts';
import type { DeviceClaims } from './device-claim-service.ts';

const TAGS = ['devices'];
const PEM = 'application/x-pem-file';

export interface DeviceClaimRoutesOptions {
  claims: DeviceClaims;
  authority: DeviceAuthority;
}

export function deviceClaimRoutes({ claims, authority }: DeviceClaimRoutesOptions): Routes {
  return async (app) => {
    app.post(
      '/api/devices/claim',
      {
        config: { rateLimit: { max: deviceLimits.claimTriesPerMinute, timeWindow: 60_000 } },
        schema: {
          summary: 'Turn a claim code into credentials: a secret, or a certificate for the key of a request',
          tags: TAGS,
          body: z.object({ code: z.string().min(1).max(64), certificate_request: z.string().max(16_384).optional() }),
          response: {
            200: z.object({
              device_id: z.string(),
              meter_serial: z.string().nullable(),
              secret: z.string().nullable(),
              certificate: z.string().nullable(),
              certificate_until: instant.nullable(),
              authority: z.string().nullable(),
            }),
          },
        },
      },
      async (request, reply) => {
        const { code, certificate_request: csr } = request.body;
        const { deviceId, meterSerial, secret, certificate } = await claims.claimDevice(code, csr ?? null);
        return reply.header('cache-control', 'no-store').send({
          device_id: deviceId,
          meter_serial: meterSerial,
          secret,
          certificate: certificate?.pem ?? null,
          certificate_until: certificate?.notAfter.toISOString() ?? null,
          authority: certificate?.authority ?? null,
        });
      },
    );

    app.get(
      '/api/devices/authority.pem',
      { schema: { summary: 'The certificate of the authority for devices', tags: TAGS } },
      async (_request, reply) => reply.type(PEM).send(await authority.certificate()),
    );

    app.get(
      '/api/devices/revoked.pem',
      {
        // It is signed anew each time.
        config: { rateLimit: { max: deviceLimits.claimTriesPerMinute, timeWindow: 60_000 } },
        schema: { summary: 'The revocation list of that authority', tags: TAGS },
      },
      async (_request, reply) => reply.type(PEM).send(await authority.revocationList()),
    );
  };
}
