// Sends e-mail over one SMTP server.
import { createTransport } from 'nodemailer';

const mailTimeout_ms = 20_000;

export interface Mail {
  /** Letters, digits and hyphens: the same at every try, so that who gets a mail twice can tell. */
  id: string;
  to: readonly string[];
  subject: string;
  text: string;
}

export interface Mailer {
  /** @returns null where the server took it for all, else a code of why not: nothing that it said, which may hold addresses */
  send(mail: Mail): Promise<string | null>;
  close(): void;
}

/**
 * @param url smtp:// or smtps://, with the login in it
 * @param from the sender's address
 */
export function createMailer({ url, from }: { url: string; from: string }, timeout_ms = mailTimeout_ms): Mailer {
  const wait = { connectionTimeout: timeout_ms, greetingTimeout: timeout_ms, socketTimeout: timeout_ms };
  const transport = createTransport({ url, ...wait, disableFileAccess: true, disableUrlAccess: true });
  const domain = from.replace(/^.*@/, '').replace(/>.*$/, '');
  return {
    send: async ({ id, to, subject, text }) => {
      try {
        const sent = await transport.sendMail({ from, to: [...to], subject, text, messageId: `<${id}@${domain}>` });
        return sent.rejected.length === 0 ? null : 'recipient_refused';
      } catch (error) {
        const code = (error as { code?: unknown }).code;
        return typeof code === 'string' && /^[A-Z_]{1,32}$/.test(code) ? code.toLowerCase() : 'not_sent';
      }
    },
    close: () => transport.close(),
  };
}
