// Refusals of the nonce, credential, deferred and notification endpoints, in the words of their specification.
import { Oauth2ServerErrorResponseError } from '@openid4vc/oauth2';

/** Source: OpenID4VCI 1.0, 8.3.1.2, 9.3 and 11.3. */
export type CredentialErrorCode =
  | 'invalid_credential_request'
  | 'unknown_credential_configuration'
  | 'unknown_credential_identifier'
  | 'invalid_proof'
  | 'invalid_nonce'
  | 'invalid_encryption_parameters'
  | 'credential_request_denied'
  | 'invalid_transaction_id'
  | 'invalid_notification_id'
  | 'invalid_notification_request';

/** @param error_description what was wrong and where; never what was sent */
export function credentialRefusal(
  error: CredentialErrorCode,
  error_description: string,
): Oauth2ServerErrorResponseError {
  return new Oauth2ServerErrorResponseError({ error, error_description }, { status: 400 });
}
