// The cookies of citizens and staff: out of scripts' reach, and never sent along from another site.
import type { CookieSerializeOptions } from '@fastify/cookie';

export const citizenCookie = 'naru_citizen';
export const staffCookie = 'naru_staff';
export const signInCookie = 'naru_sign_in';
export const staffSignInCookie = 'naru_staff_sign_in';

export function cookieOptions(publicUrl: string, maxAge_ms: number): CookieSerializeOptions {
  return {
    httpOnly: true,
    // Lax: the wallet, on its own site, sends the browser back here by a link.
    sameSite: 'lax',
    secure: publicUrl.startsWith('https:'),
    path: '/api',
    maxAge: Math.floor(maxAge_ms / 1000),
  };
}
