// A refusal in OAuth's words, with the headers that its specification wants beside them.
import { Oauth2ServerErrorResponseError } from '@openid4vc/oauth2';

/** `error_description` says what was wrong and never repeats what was sent. */
export class OauthRefusal extends Oauth2ServerErrorResponseError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    error: string,
    error_description: string,
    options: { status?: number; headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super({ error, error_description }, { status: options.status ?? 400, cause: options.cause });
    this.headers = options.headers ?? {};
  }
}
