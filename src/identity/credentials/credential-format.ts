// What a credential format is: how a credential of a registered type, or any W3C credential, is secured. One file each in
// formats/, and a line in credential-formats.ts.
import type { MultikeyKind } from '../dids/multikey.ts';
import type { SigningKey, SigningKeyKind } from '../trust/signing-key.ts';
import type { CredentialType } from './credential-type.ts';
import type { JsonLd } from './json-ld.ts';
import type { PublicHolderJwk } from './sd-jwt-vc.ts';

/** What every format is given to work with. */
export interface FormatTools {
  /** No slash at the end. */
  publicUrl: string;
  jsonLd: JsonLd;
  randomBytes(length: number): Uint8Array;
}

/** A credential of a registered type, before it has a form. */
export interface CredentialContent {
  type: CredentialType;
  /** Checked against the type, in its order. */
  claims: Record<string, unknown>;
  /** The DID the credential is issued as. */
  issuer: string;
  /** Certificates that say the same, as `x5c` has them; null where there are none. */
  certificates: readonly string[] | null;
  /** The holder's key, and the DID that it is or belongs to. */
  holder: { jwk: PublicHolderJwk; did: string };
  /** Becomes `sub` where a format has one apart from the holder; absent where presentations must not be linkable by it. */
  subject?: string;
  issuedAt_s: number;
  expiresAt_s: number;
  /** Its place in the status lists: the token's address, the bitstring credential's, and the index in both. */
  status: { uri: string; bitstringUri: string; index: number };
}

interface FormatBasics {
  /** Names the format in orders, records and traces: `dc+sd-jwt`, `ecdsa-rdfc-2019`, … */
  id: string;
  /** The credential format identifier. Source: OpenID4VCI 1.0, appendix A. */
  openidFormat: string;
  /** Values of `credential_signing_alg_values_supported`: JOSE algorithms, a cryptosuite's name, or COSE's numbers. */
  signingAlgorithms: readonly string[] | readonly number[];
  /** Values of `cryptographic_binding_methods_supported`, where they are not those of every other format. */
  bindingMethods?: readonly string[];
  /** The issuer's certificate is part of it: without one it is neither offered nor issued. */
  needsCertificate?: true;
  /** Keys it can be signed with, the preferred first. */
  keyKinds: readonly SigningKeyKind[];
  /** What names the type in a credential configuration, beside `format`. Source: OpenID4VCI 1.0, appendix A. */
  typeConfiguration(type: CredentialType, publicUrl: string): Record<string, unknown>;
  /** Where a claim stands in the credential. Source: OpenID4VCI 1.0, appendix C. */
  claimPath(type: CredentialType, claim: string): string[];
}

/** A format for registered types only. */
export interface TypedFormat extends FormatBasics {
  secures: 'types';
  issue(content: CredentialContent, key: SigningKey, tools: FormatTools): Promise<string>;
}

export interface SecureOptions {
  /** JSON pointers to what every disclosure shows; only formats that disclose selectively look at them. */
  mandatoryPointers?: readonly string[];
}

/** A format that secures any credential of VC 2.0. */
interface W3cBasics extends FormatBasics {
  secures: 'w3c';
  /** Pointers a registered type's credential is secured with. */
  mandatoryPointers?: readonly string[];
}

/** Secures by wrapping: the secured credential is a text of its own media type. Source: VC-JOSE-COSE 1.0. */
export interface EnvelopeFormat extends W3cBasics {
  by: 'envelope';
  /** `application/vc+jwt`, … */
  mediaType: string;
  /** @param credential complete, with issuer and status */
  envelope(credential: Record<string, unknown>, key: SigningKey, tools: FormatTools): Promise<string>;
}

/** Members of a proof, all but its value. Source: VC Data Integrity 1.0, 2.1. */
export interface ProofOptions {
  /** Of JCS suites: the document's contexts when the proof was made. */
  '@context'?: unknown;
  id?: string;
  type: 'DataIntegrityProof';
  cryptosuite: string;
  created?: string;
  expires?: string;
  verificationMethod: string;
  proofPurpose: string;
  domain?: string | string[];
  challenge?: string;
  previousProof?: string | string[];
  nonce?: string;
}

export interface Proof extends ProofOptions {
  proofValue: string;
}

/** The public key of a verification method. */
export interface VerificationKey {
  /** The method's id. */
  id: string;
  controller: string;
  kind: MultikeyKind;
  /** As in its Multikey, without the prefix. */
  bytes: Uint8Array;
  publicKeyMultibase: string;
}

/** Secures by a proof inside the credential: a cryptosuite of VC Data Integrity 1.0. */
export interface ProofFormat extends W3cBasics {
  by: 'proof';
  /**
   * @param document without the proof to be made; earlier proofs in its `proof` where it chains to them
   * @param options the whole proof but its value; the suite may leave members out of what it returns
   * @throws Error by the library where a term is not defined, or a pointer leads nowhere
   */
  createProof(
    document: Record<string, unknown>,
    options: ProofOptions,
    key: SigningKey,
    tools: FormatTools,
    secure: SecureOptions,
  ): Promise<Proof>;
  /**
   * Whether the proof was made over this document with this key, of a kind the suite has. False also where the proof's
   * value does not have the suite's form.
   *
   * @param document as for `createProof`
   */
  verifyProof(
    document: Record<string, unknown>,
    proof: Proof,
    key: VerificationKey,
    tools: Pick<FormatTools, 'jsonLd'>,
  ): Promise<boolean>;
  /**
   * Holders: the credential with nothing but what is mandatory and what is chosen, and a proof derived for it.
   * Absent where the suite discloses all or nothing.
   *
   * @param credential with its base proof
   * @throws Error where nothing is selected, a pointer leads nowhere, or there is no base proof
   */
  deriveProof?(
    credential: Record<string, unknown>,
    disclose: { selectivePointers: readonly string[]; presentationHeader?: Uint8Array },
    tools: Pick<FormatTools, 'jsonLd'>,
  ): Promise<Record<string, unknown>>;
}

export type W3cFormat = EnvelopeFormat | ProofFormat;
export type CredentialFormat = TypedFormat | W3cFormat;
