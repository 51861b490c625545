// The portal's addresses for who is signed in: `#/` the meter, `#/bills`, `#/bills/ID`, `#/care`.
import { useEffect, useState } from 'preact/hooks';

export type PortalRoute = { page: 'meter' } | { page: 'care' } | { page: 'bills' } | { page: 'bill'; id: string };

export function portalRouteOf(hash: string): PortalRoute {
  const [first = '', second = ''] = hash.replace(/^#\/?/, '').split('/');
  if (first === 'care') return { page: 'care' };
  if (first !== 'bills') return { page: 'meter' };
  return second === '' ? { page: 'bills' } : { page: 'bill', id: second };
}

export function linkToBill(billId: number): string {
  return `#/bills/${billId}`;
}

export function usePortalRoute(): PortalRoute {
  const [route, setRoute] = useState(() => portalRouteOf(location.hash));
  useEffect(() => {
    const change = (): void => {
      setRoute(portalRouteOf(location.hash));
      window.scrollTo(0, 0);
    };
    addEventListener('hashchange', change);
    return () => removeEventListener('hashchange', change);
  }, []);
  return route;
}
