// A refusal in OAuth's words, with the headers that its specification wants beside them.
import { Oauth2Error, Oauth2ErrorCodes, Oauth2ServerErrorResponseError } from '@openid4vc/oauth2';
import { OpenId4VcBaseError } from '@openid4vc/utils';

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

/** Whether a protocol library found fault with what was sent. Its words repeat that, so they must not go out. */
export function isProtocolFault(error: unknown): boolean {
  return error instanceof Oauth2Error || error instanceof OpenId4VcBaseError;
}

/** The code of such a fault: the library's where it has one. */
export function faultCode(error: unknown): string {
  return error instanceof Oauth2ServerErrorResponseError ? error.errorResponse.error : Oauth2ErrorCodes.InvalidRequest;
}
