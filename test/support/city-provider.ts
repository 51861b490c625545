// The city's own OpenID provider, for tests: the real oidc-provider on loopback, and a browser that signs in there.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { afterAll } from 'vitest';

export const cityClient = { id: 'naru', secret: 'the-secret-of-our-client-at-the-provider' };

/** What the city knows of its people, by their login name. */
export type People = Record<string, Record<string, unknown>>;

export const people: People = {
  kim: {
    family_name: '김',
    given_name: '나루',
    birthdate: '1990-05-17',
    address: { locality: '부산광역시 해운대구' },
    phone_number: '010-0000-0000',
  },
  // Of whom the city does not know enough.
  lee: { family_name: '이' },
};

/** From the provider's names to those of the resident credential. */
export const residentMapping = {
  resident: {
    family_name: 'family_name',
    given_name: 'given_name',
    birth_date: 'birthdate',
    address_district: 'address.locality',
  },
};

export async function startCityProvider({ port, redirectUri }: { port: number; redirectUri: string }): Promise<void> {
  const provider = new Provider(`http://localhost:${port}`, {
    clients: [
      {
        client_id: cityClient.id,
        client_secret: cityClient.secret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    claims: {
      openid: ['sub'],
      profile: ['family_name', 'given_name', 'birthdate'],
      address: ['address'],
      phone: ['phone_number'],
    },
    findAccount: (_context, id) =>
      people[id] === undefined ? undefined : { accountId: id, claims: async () => ({ sub: id, ...people[id] }) },
    cookies: { keys: ['the-key-of-the-cookies-in-tests'] },
    features: { devInteractions: { enabled: true } },
    ttl: { Session: 600, Interaction: 600, Grant: 600, AccessToken: 60, IdToken: 60, AuthorizationCode: 60 },
  });
  const server = createServer(provider.callback());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));
}

/** A browser without a screen: keeps cookies by host and path, follows links, and fills in the provider's pages. */
export class ScriptedBrowser {
  private readonly cookies = new Map<string, { path: string; pair: string }>();

  async open(address: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(address);
    const cookie = [...this.cookies.entries()]
      .filter(([key, { path }]) => key.startsWith(`${url.host} `) && url.pathname.startsWith(path))
      .map(([, { pair }]) => pair)
      .join('; ');
    const answer = await fetch(address, { ...init, headers: { ...init.headers, cookie }, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? '/';
      const key = `${url.host} ${path} ${pair.split('=')[0]}`;
      if (pair.endsWith('=')) this.cookies.delete(key);
      else this.cookies.set(key, { path, pair });
    }
    return answer;
  }

  /** Follows redirects from `address` until one leads to `target` (it is not opened), or a page is there. */
  async follow(address: string, target: string): Promise<{ at: string; page: Response | null }> {
    let at = address;
    for (let steps = 0; steps < 12; steps += 1) {
      if (at.startsWith(target)) return { at, page: null };
      const answer = await this.open(at);
      const location = answer.headers.get('location');
      if (location === null) return { at, page: answer };
      at = new URL(location, at).href;
    }
    throw new Error('too many redirects');
  }

  /** Signs in at the provider's pages and agrees. @returns the address that begins with `target` */
  async signIn(address: string, login: string, target: string): Promise<string> {
    let { at, page } = await this.follow(address, target);
    for (const fields of [{ prompt: 'login', login, password: 'any' }, { prompt: 'consent' }]) {
      if (page === null) break;
      if (!page.ok) throw new Error(`${page.status} at ${at.split('?')[0]}: ${await page.text()}`);
      const answer = await this.open(at, {
        method: 'POST',
        body: new URLSearchParams(fields as Record<string, string>),
      });
      ({ at, page } = await this.follow(new URL(answer.headers.get('location') ?? '', at).href, target));
    }
    return at;
  }

  /** Declines at the provider's page. @returns the address that begins with `target` */
  async decline(address: string, target: string): Promise<string> {
    const { at } = await this.follow(address, target);
    return (await this.follow(`${at}/abort`, target)).at;
  }
}
