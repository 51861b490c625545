// MQTT over TLS: the listener that meters on public networks use, with or without a certificate of their own.
//
// Node's TLS ends a handshake before it says what it thinks of the client's certificate (as every server of TLS 1.3 does),
// so a refused device sees its connection closed at that point, before a byte of MQTT was read.
import { constants, X509Certificate } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { AddressBook } from './address-book.ts';
import type { CertificateProof } from './device-credential.ts';
import type { DeviceTrust, PresentedCertificate } from './device-trust-service.ts';
import { intakeLimits } from './intake-limits.ts';

export interface DeviceTlsOptions {
  trust: DeviceTrust;
  host: string;
  /** 0 lets the system choose. */
  port: number;
  /** Takes over an opened connection; without a proof the device must show its secret. */
  admit(stream: Duplex, address: string, proof?: CertificateProof): void;
  refused(reason: 'address' | 'certificate' | 'handshake'): void;
}

export interface DeviceTls {
  port: number;
  /** Takes what the trust now holds, for connections to come. */
  reload(): void;
  close(): void;
}

const CHAIN_AT_MOST = 8;
/** No tickets: a resumed session would bring neither the certificates in between nor today's opinion of them. */
const PROTOCOL = { minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_TICKET } as const;

/** Opens the listener. @throws Error where the port is taken or certificate and key don't fit */
export async function openDeviceTls({ trust, host, port, admit, refused }: DeviceTlsOptions): Promise<DeviceTls> {
  const handshakes = new AddressBook(intakeLimits.unauthenticatedPerAddress, intakeLimits.unauthenticatedPerAddress);
  /** Connections whose handshake is not over, by the other end. */
  const shaking = new Map<string, Socket>();
  const server = createServer({
    ...trust.material(),
    ...PROTOCOL,
    requestCert: true,
    // What OpenSSL thinks is asked for below: a pinned key may come in a certificate that nobody signed.
    rejectUnauthorized: false,
    handshakeTimeout: intakeLimits.connectWithin_ms,
    noDelay: true,
  });
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (!handshakes.enter(address)) {
      refused('address');
      socket.destroy();
      return;
    }
    const end = otherEnd(socket);
    shaking.set(end, socket);
    socket.once('close', () => leave(end, address));
  });
  // One that takes too long is only told of: Node leaves it open.
  server.on('tlsClientError', (_error, socket) => {
    refused('handshake');
    socket.destroy();
  });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    leave(otherEnd(socket), socket.remoteAddress ?? '');
    const chain = chainOf(socket.getPeerCertificate(true));
    const address = socket.remoteAddress ?? '';
    if (chain.length === 0) return admit(socket, address);
    decide({ authorized: socket.authorized, chain }, socket, address);
  });

  function leave(end: string, address: string): void {
    if (shaking.delete(end)) handshakes.leave(address, false);
  }

  function decide(presented: PresentedCertificate, socket: TLSSocket, address: string): void {
    trust.check(presented).then(
      (proof) => {
        if (socket.destroyed) return;
        if (proof !== null) return admit(socket, address, proof);
        refused('certificate');
        socket.destroy();
      },
      // The database is away: the device tries again.
      () => socket.destroy(),
    );
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 4_096 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    reload: () => server.setSecureContext({ ...trust.material(), ...PROTOCOL }),
    close: () => {
      server.close();
      for (const socket of shaking.values()) socket.destroy();
    },
  };
}

function otherEnd({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** The certificate that was shown, and those above it. */
function chainOf(peer: DetailedPeerCertificate | Record<string, never>): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let at = peer as Partial<DetailedPeerCertificate>; at.raw !== undefined && chain.length < CHAIN_AT_MOST; ) {
    chain.push(new X509Certificate(at.raw));
    if (at.issuerCertificate === undefined || at.issuerCertificate === at) break;
    at = at.issuerCertificate;
  }
  return chain;
}
