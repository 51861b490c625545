// The console's addresses: `#/meters`, `#/meters/ID`, `#/service-points/ID`, `#/alarms`, `#/zones`, `#/zones/ID`,
// `#/completeness`, `#/registry`, `#/intake`, `#/devices`, `#/devices/ID`, `#/quarantine`, `#/validation`,
// `#/validation/ID`, `#/anchoring`, `#/bill-runs`, `#/bill-runs/ID`, `#/bills/ID`, `#/desk`, `#/imports`, `#/audit`.
import { useEffect, useState } from 'preact/hooks';

export type Route =
  | { page: 'meters' }
  | { page: 'alarms' }
  | { page: 'meter'; id: string }
  | { page: 'service-point'; id: string }
  | { page: 'intake' }
  | { page: 'devices' }
  | { page: 'device'; id: string }
  | { page: 'quarantine' }
  | { page: 'validation' }
  | { page: 'finding'; id: string }
  | { page: 'anchoring' }
  | { page: 'desk' }
  | { page: 'imports' }
  | { page: 'audit' }
  | { page: 'bill-runs' }
  | { page: 'bill-run'; id: string }
  | { page: 'bill'; id: string }
  | { page: 'zones' }
  | { page: 'zone'; id: string }
  | { page: 'completeness' }
  | { page: 'registry' };

const plainPages = [
  'alarms',
  'quarantine',
  'anchoring',
  'intake',
  'desk',
  'imports',
  'audit',
  'completeness',
  'registry',
] as const;

export function routeOf(hash: string): Route {
  const [first = '', second] = hash.replace(/^#\/?/, '').split('/');
  for (const page of plainPages) if (first === page) return { page };
  const id = second === undefined || second === '' ? null : decoded(second);
  if (first === 'bill-runs') return id === null ? { page: 'bill-runs' } : { page: 'bill-run', id };
  if (first === 'bills' && id !== null) return { page: 'bill', id };
  if (first === 'meters' && id !== null) return { page: 'meter', id };
  if (first === 'service-points' && id !== null) return { page: 'service-point', id };
  if (first === 'zones') return id === null ? { page: 'zones' } : { page: 'zone', id };
  if (first === 'validation') return id === null ? { page: 'validation' } : { page: 'finding', id };
  if (first === 'devices') return id === null ? { page: 'devices' } : { page: 'device', id };
  return { page: 'meters' };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function linkTo(route: Route): string {
  if (route.page === 'meter') return `#/meters/${encodeURIComponent(route.id)}`;
  if (route.page === 'service-point') return `#/service-points/${encodeURIComponent(route.id)}`;
  if (route.page === 'finding') return `#/validation/${encodeURIComponent(route.id)}`;
  if (route.page === 'bill-run') return `#/bill-runs/${encodeURIComponent(route.id)}`;
  if (route.page === 'bill') return `#/bills/${encodeURIComponent(route.id)}`;
  if (route.page === 'zone') return `#/zones/${encodeURIComponent(route.id)}`;
  if (route.page === 'device') return `#/devices/${encodeURIComponent(route.id)}`;
  return `#/${route.page}`;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const change = (): void => {
      setRoute(routeOf(location.hash));
      window.scrollTo(0, 0);
    };
    addEventListener('hashchange', change);
    return () => removeEventListener('hashchange', change);
  }, []);
  return route;
}
