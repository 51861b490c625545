// Sends a statement string with the data of its COPYs behind it, in one write and with one round trip.
//
// The server reads the data when it comes to the COPY; where a statement before it fails, it drops what still comes. So
// nothing has to wait for the server's word that it is ready for data.
// Source: PostgreSQL 18 documentation, "Frontend/Backend Protocol", sections COPY Operations and Message Formats.
import type pg from 'pg';
import { BinaryWriter } from './binary-writer.ts';
import type { Transaction } from './database.ts';

const QUERY = 0x51;
const COPY_DATA = 0x64;
const COPY_DONE = 0x63;

/** A message string being put together: the statements, then the data of each COPY among them, in their order. */
export class CopyMessage {
  readonly writer = new BinaryWriter(65_536);

  /** @param statements one after another, each COPY as `FROM STDIN (FORMAT binary)` */
  constructor(statements: string) {
    const text = Buffer.from(statements);
    this.writer.room(text.length + 6);
    this.writer.int8(QUERY);
    const from = this.writer.beginSized();
    this.writer.bytes(text);
    this.writer.int8(0);
    this.#end(from);
  }

  /** Frames what `write` puts into the writer, between the header and the trailer of the binary form. */
  copy(write: (writer: BinaryWriter) => void): void {
    this.writer.room(5);
    this.writer.int8(COPY_DATA);
    const from = this.writer.beginSized();
    this.writer.copyHeader();
    write(this.writer);
    this.writer.copyTrailer();
    this.#end(from);
    this.writer.room(5);
    this.writer.int8(COPY_DONE);
    this.writer.int32(4);
  }

  /** A message's length counts itself. */
  #end(from: number): void {
    this.writer.setInt32(from - 4, this.writer.length - from + 4);
  }
}

/** @returns when the server has run all of it; rejects with its error, after which the transaction is to be rolled back */
export function sendCopy(to: Transaction, message: CopyMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    let failed = false;
    const submittable = {
      submit: (connection: pg.Connection) => {
        connection.stream.write(message.writer.written());
      },
      handleError: (error: Error) => {
        failed = true;
        reject(error);
      },
      handleReadyForQuery: () => {
        if (!failed) resolve();
      },
      handleCopyInResponse: () => {},
      handleCommandComplete: () => {},
    };
    to.query(submittable);
  });
}
