// The SQL of entity sets: where their rows come from, and a query's filter and order as SQL. Names of columns come from the
// model alone, values are always parameters.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { Comparison, Filter } from './odata-filter.ts';
import { type ColumnType, type EntityRow, type EntitySet, observed } from './sensorthings-model.ts';

const iso = (column: string) =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS' || CASE WHEN extract(microseconds FROM ${column})::int8 % 1000000 = 0 THEN '' ELSE '.US' END || '"Z"')`;

const INSTALLS = `
  SELECT i.install_id AS id, i.install_id, i.meter_id, i.service_point_id, p.zone_id, m.bore_mm,
         m.serial || ' @ ' || i.service_point_id AS name, i.from_at, i.until_at
    FROM metering.install i JOIN metering.service_point p USING (service_point_id) JOIN metering.meter m USING (meter_id)`;

const PROPERTIES = `SELECT id, id AS property_id FROM (VALUES (${observed.register}), (${observed.hourlyUse})) AS one (id)`;

/** Which observations are meant; the rest of the sets needs nothing. */
export interface ObservedStream {
  datastream_id: number;
  install_id: number;
  property_id: number;
  timeZone: string;
}

/** With parameters $1 install, $2 datastream; nothing told elsewhere than while it stood there. */
const REGISTERS = `
  SELECT $2::int8 AS datastream_id, i.install_id, r.measured_at AS phenomenon_at, NULL::timestamptz AS phenomenon_until,
         r.received_at AS result_at, r.register_l AS result,
         json_build_object('flags', coalesce(r.flags, '{}'), 'clock', r.clock) AS parameters
    FROM metering.install i,
         LATERAL metering.readings(i.meter_id, i.from_at, coalesce(i.until_at, 'infinity')) r
   WHERE i.install_id = $1::int AND r.measured_at < coalesce(i.until_at, 'infinity')`;

/** With $3 the time zone: an hour that is not known is no observation. */
const HOURS = `
  SELECT $2::int8 AS datastream_id, i.install_id, greatest(hour.start_at, i.from_at) AS phenomenon_at,
         least(hour.start_at + interval '1 hour', coalesce(i.until_at, 'infinity')) AS phenomenon_until,
         NULL::timestamptz AS result_at, coalesce(u.hours_l[n], e.hours_l[n])::int8 AS result,
         json_build_object('estimated', u.hours_l[n] IS NULL) AS parameters
    FROM metering.install i
   CROSS JOIN LATERAL (SELECT day FROM metering.use_day WHERE install_id = i.install_id
                       UNION SELECT day FROM metering.use_estimate WHERE install_id = i.install_id) told
    LEFT JOIN metering.use_day u ON u.install_id = i.install_id AND u.day = told.day
    LEFT JOIN metering.use_estimate_in_force e
           ON e.install_id = i.install_id AND e.day = told.day AND e.method <> 'withdrawn'
   CROSS JOIN LATERAL generate_series(1, greatest(cardinality(u.hours_l), cardinality(e.hours_l))) AS n
   CROSS JOIN LATERAL (SELECT (told.day::timestamp AT TIME ZONE $3) + (n - 1) * interval '1 hour' AS start_at) hour
   WHERE i.install_id = $1::int AND coalesce(u.hours_l[n], e.hours_l[n]) IS NOT NULL`;

const sources: Record<Exclude<EntitySet, 'Observations'>, string> = {
  Things: INSTALLS,
  HistoricalLocations: INSTALLS,
  FeaturesOfInterest: INSTALLS,
  Locations: 'SELECT zone_id AS id, zone_id, name, parent_zone_id FROM metering.zone',
  Sensors: `SELECT meter_id AS id, meter_id, serial, model, bore_mm, dials, model || ' ' || serial AS name FROM metering.meter`,
  ObservedProperties: PROPERTIES,
  Datastreams: `
    SELECT (i.install_id - 1)::int8 * 2 + o.property_id AS id, i.install_id, i.meter_id, o.property_id,
           i.name || CASE o.property_id WHEN ${observed.register} THEN ', register' ELSE ', hourly use' END AS name
      FROM (${INSTALLS}) i CROSS JOIN (${PROPERTIES}) o`,
};

/** What is given of a row, instants as text; an observation's id as well. */
const shown: Partial<Record<EntitySet, string>> = {
  Things: `*, ${iso('from_at')} AS from_at, ${iso('until_at')} AS until_at`,
  HistoricalLocations: `*, ${iso('from_at')} AS from_at`,
  Observations: `datastream_id, install_id, result, parameters, ${iso('phenomenon_at')} AS phenomenon_at,
    ${iso('phenomenon_until')} AS phenomenon_until, ${iso('result_at')} AS result_at,
    datastream_id || '-' || round(extract(epoch FROM phenomenon_at) * 1000000)::int8 AS id`,
};

/** The order where none was asked for, and of equals: that of the ids, by what is indexed. */
const defaultOrder: Partial<Record<EntitySet, readonly string[]>> = {
  Observations: ['phenomenon_at'],
  Datastreams: ['install_id', 'property_id'],
};

export interface EntityQuestion {
  set: EntitySet;
  /** Of which datastream, where observations are asked for. */
  stream: ObservedStream | null;
  /** Columns and what they have to be; instants as text. */
  restrict: readonly (readonly [column: string, value: string | number])[];
  filter: Filter | null;
  /** What the filter's and the order's paths are; each has been looked up. */
  columnOf(path: string): { column: string; type: ColumnType };
  orderBy: readonly { path: string; descending: boolean }[];
}

export async function listEntities(
  from: Queryable,
  question: EntityQuestion,
  page: { top: number; skip: number },
): Promise<EntityRow[]> {
  const { values, text } = selection(question);
  const ties = defaultOrder[question.set] ?? ['id'];
  const order = question.orderBy.map(
    (one) => `${question.columnOf(one.path).column} ${one.descending ? 'DESC' : 'ASC'}`,
  );
  const { rows } = await from.query<EntityRow>(
    // Ordered and cut before anything is written as text: the names of both are the same.
    `SELECT ${shown[question.set] ?? '*'} FROM (
       SELECT * ${text} ORDER BY ${[...order, ...ties].join(', ')} LIMIT $${values.length + 1} OFFSET $${values.length + 2}) entity
      ORDER BY ${[...order, ...ties].map((one) => `entity.${one}`).join(', ')}`,
    [...values, page.top, page.skip],
  );
  return rows;
}

export async function countEntities(from: Queryable, question: EntityQuestion): Promise<number> {
  const { values, text } = selection(question);
  const { rows } = await from.query<{ count: number }>(`SELECT count(*) AS count ${text}`, values);
  return rows[0]?.count ?? 0;
}

function selection({ set, stream, restrict, filter, columnOf }: EntityQuestion) {
  const values: (string | number)[] = [];
  const parameter = (value: string | number) => `$${values.push(value)}`;
  let source: string;
  if (set === 'Observations') {
    if (stream === null) throw new RangeError('observations are asked for by their datastream');
    values.push(stream.install_id, stream.datastream_id);
    const isRegister = stream.property_id === observed.register;
    if (!isRegister) values.push(stream.timeZone);
    source = isRegister ? REGISTERS : HOURS;
  } else source = sources[set];
  const conditions = restrict.map(([column, value]) => `${column} = ${parameter(value)}`);
  if (filter !== null) conditions.push(condition(filter, columnOf, parameter));
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return { values, text: `FROM (${source}) source ${where}` };
}

const operators: Record<Comparison, string> = {
  eq: '=',
  ne: 'IS DISTINCT FROM',
  ...{ gt: '>', ge: '>=', lt: '<', le: '<=' },
};
const casts: Record<ColumnType, string> = { number: 'numeric', text: 'text', time: 'timestamptz' };

/** A comparison with what is not there is false. Source: OData 4.01 Part 2, 5.1.1.1 */
function condition(
  filter: Filter,
  columnOf: EntityQuestion['columnOf'],
  parameter: (value: string | number) => string,
): string {
  if (filter.kind === 'not') return `NOT ${condition(filter.of, columnOf, parameter)}`;
  if (filter.kind !== 'compare') {
    const [left, right] = [filter.left, filter.right].map((one) => condition(one, columnOf, parameter));
    return `(${left} ${filter.kind === 'and' ? 'AND' : 'OR'} ${right})`;
  }
  const { column, type } = columnOf(filter.path);
  return `coalesce(${column} ${operators[filter.comparison]} ${parameter(filter.literal.value)}::${casts[type]}, false)`;
}
