// The wallet's addresses (`#/`, `#/offer?uri=`, `#/present?request=`, `#/shared`, `#/did`, `#/words`, `#/recover`) and what a pasted text leads to.
import { useEffect, useState } from 'preact/hooks';

const plainPages = ['home', 'shared', 'did', 'words', 'recover'] as const;
type PlainPage = (typeof plainPages)[number];

export type Route = { page: PlainPage } | { page: 'offer'; uri: string } | { page: 'present'; request: string };

export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const values = new URLSearchParams(query);
  const uri = values.get('uri');
  if (path === 'offer' && uri !== null) return { page: 'offer', uri };
  const request = values.get('request');
  if (path === 'present' && request !== null) return { page: 'present', request };
  return { page: plainPages.find((page) => page === path) ?? 'home' };
}

/** The page for a pasted offer, request or wallet link; `null` when it is none of them. */
export function routeOfPasted(text: string): Route | null {
  const pasted = text.trim();
  if (pasted.startsWith('openid4vp:') || pasted.startsWith('haip:')) return { page: 'present', request: pasted };
  if (pasted.startsWith('openid-credential-offer:')) return { page: 'offer', uri: pasted };
  if (!/^https?:/.test(pasted) || !URL.canParse(pasted)) return null;
  const url = new URL(pasted);
  if (url.hash !== '') {
    const route = routeOf(url.hash);
    if (route.page === 'offer' || route.page === 'present') return route;
  }
  if (url.searchParams.has('credential_offer') || url.searchParams.has('credential_offer_uri'))
    return { page: 'offer', uri: pasted };
  if (url.searchParams.has('request_uri') || url.searchParams.has('request'))
    return { page: 'present', request: pasted };
  return null;
}

export function linkTo(route: Route): string {
  if (route.page === 'offer') return `#/offer?uri=${encodeURIComponent(route.uri)}`;
  if (route.page === 'present') return `#/present?request=${encodeURIComponent(route.request)}`;
  return route.page === 'home' ? '#/' : `#/${route.page}`;
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
