// The registry over HTTP, for signed-in staff: its lists are read in, how far that is, and what it holds.
import type { FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { isoInstant } from '../../platform/iso-instant.ts';
import type { ImportedList } from './import-registry-service.ts';
import { type RegistryList, registryLimits, registryListNames, registryLists } from './registry-list.ts';
import type { RegistryReading } from './registry-reading-service.ts';

const TAGS = ['registry'];
const instant = z.iso.datetime({ offset: true });
const register_l = z.int().nullable();
const facts = { zone_id: z.string(), zone_name: z.string(), usage_class: z.string(), households: z.int() };

export interface RegistryRoutesOptions {
  reading: RegistryReading;
  importList(
    list: RegistryList,
    file: string,
    options: { dryRun: boolean; actor: Buffer | null },
  ): Promise<ImportedList>;
  requireStaff: preHandlerAsyncHookHandler;
  actorOf(request: FastifyRequest): Buffer | null;
}

export function registryRoutes({ reading, importList, requireStaff, actorOf }: RegistryRoutesOptions): Routes {
  return async (server) => {
    server.addHook('preHandler', requireStaff);
    server.addContentTypeParser(
      'text/csv',
      { parseAs: 'string', bodyLimit: registryLimits.file_bytes },
      (_request, body, done) => done(null, body),
    );

    server.post(
      '/api/utility/registry/:list',
      {
        bodyLimit: registryLimits.file_bytes,
        schema: {
          summary:
            'Read a list of the registry in; begun again, it goes on where it stopped; with dry_run only check it',
          tags: TAGS,
          consumes: ['text/csv'],
          params: z.object({ list: z.enum(registryListNames) }),
          querystring: z.object({ dry_run: z.enum(['true', 'false']).default('false') }),
          body: z.string(),
          response: { 200: z.object({ rows: z.int(), before: z.int() }) },
        },
      },
      (request) =>
        importList(request.params.list, request.body, {
          dryRun: request.query.dry_run === 'true',
          actor: actorOf(request),
        }),
    );

    server.get(
      '/api/utility/registry/imports',
      {
        schema: {
          summary: 'Which lists there are with their columns, and how far those that came last are read in',
          tags: TAGS,
          response: {
            200: z.object({
              lists: z.array(
                z.object({ list: z.enum(registryListNames), needed: z.array(z.string()), wanted: z.array(z.string()) }),
              ),
              imports: z.array(
                z.object({
                  list: z.string(),
                  file_sha256: z.string(),
                  rows_done: z.int(),
                  rows_all: z.int(),
                  updated_at: instant,
                }),
              ),
            }),
          },
        },
      },
      async () => ({
        lists: registryListNames.map((list) => ({
          list,
          needed: Object.keys(registryLists[list].needed),
          wanted: Object.keys(registryLists[list].wanted),
        })),
        imports: (await reading.listImports()).map(({ updated_ms, ...row }) => ({
          ...row,
          updated_at: isoInstant(updated_ms),
        })),
      }),
    );

    server.get(
      '/api/utility/registry/places',
      {
        schema: {
          summary: 'List places by id, with what holds of them now and the meter that stands there',
          tags: TAGS,
          querystring: z.object({
            search: z.string().min(1).max(64).optional(),
            cursor: z.string().min(1).max(64).optional(),
            limit: z.coerce.number().int().min(1).max(200).default(50),
          }),
          response: {
            200: z.object({
              places: z.array(
                z.object({
                  service_point_id: z.string(),
                  ...facts,
                  purpose: z.string(),
                  meter: z.object({ id: z.string(), serial: z.string() }).nullable(),
                }),
              ),
              next_cursor: z.string().nullable(),
            }),
          },
        },
      },
      async (request) => {
        const { search = null, cursor = null, limit } = request.query;
        const page = await reading.listPlaces({ search, after: cursor, limit });
        return {
          places: page.places.map(({ meter_id, serial, ...place }) => ({
            ...place,
            meter: meter_id === null || serial === null ? null : { id: String(meter_id), serial },
          })),
          next_cursor: page.next,
        };
      },
    );

    server.get(
      '/api/utility/registry/places/:id',
      {
        schema: {
          summary: 'A place with all that ever held of it, the meters that stood there, and the zones it flows into',
          tags: TAGS,
          params: z.object({ id: z.string().min(1).max(64) }),
          response: {
            200: z.object({
              versions: z.array(
                z.object({
                  from_at: instant,
                  recorded_at: instant,
                  ...facts,
                  purpose: z.string(),
                  is_replaced: z.boolean(),
                }),
              ),
              installs: z.array(
                z.object({
                  meter: z.object({ id: z.string(), serial: z.string(), model: z.string(), bore_mm: z.int() }),
                  from_at: instant,
                  until_at: instant.nullable(),
                  opening_register_l: register_l,
                  closing_register_l: register_l,
                }),
              ),
              inlets: z.array(
                z.object({
                  zone_id: z.string(),
                  zone_name: z.string(),
                  direction: z.enum(['in', 'out']),
                  from_at: instant,
                  until_at: instant.nullable(),
                }),
              ),
            }),
          },
        },
      },
      async (request) => {
        const { versions, installs, inlets } = await reading.placeHistory(request.params.id);
        return {
          versions: versions.map(({ from_ms, recorded_ms, ...row }) => ({
            ...{ ...row, from_at: isoInstant(from_ms), recorded_at: isoInstant(recorded_ms) },
          })),
          installs: installs.map(({ meter_id, serial, model, bore_mm, from_ms, until_ms, ...registers }) => ({
            meter: { id: String(meter_id), serial, model, bore_mm },
            ...{
              ...registers,
              from_at: isoInstant(from_ms),
              until_at: until_ms === null ? null : isoInstant(until_ms),
            },
          })),
          inlets: inlets.map(({ direction, from_ms, until_ms, ...row }) => ({
            ...{ ...row, direction: direction === 1 ? ('in' as const) : ('out' as const) },
            ...{ from_at: isoInstant(from_ms), until_at: until_ms === null ? null : isoInstant(until_ms) },
          })),
        };
      },
    );
  };
}
