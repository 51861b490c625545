// Where a command reads and writes, and how it says how it went: handed in, so that tests run commands in their own process.
import type { Readable, Writable } from 'node:stream';
import { type Command, CommanderError } from 'commander';
import { Problem } from '../platform/problem.ts';

/** 0: done. 1: refused or failed. 2: wrongly called. 3: done as far as it could be: part of it could not be checked. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface CommandIo {
  stdin: Readable;
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable & { isTTY?: boolean };
  setExitCode(code: ExitCode): void;
}

/** Thrown by a command that was called in a way that can't mean anything. The message says what to write. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse';
}

/**
 * Runs a program or a single command on `argv` (without node and script) and answers with its exit code; what went wrong
 * is one line on `stderr`. Never throws for a wrong call, a Problem or an Error.
 */
export async function runCommand(command: Command, argv: readonly string[], io: CommandIo): Promise<ExitCode> {
  let code: ExitCode = 0;
  const record = io.setExitCode.bind(io);
  io.setExitCode = (next) => {
    code = next;
    record(next);
  };
  forEachCommand(command, (one) => {
    one.exitOverride();
    one.configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) });
  });
  try {
    await command.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      io.setExitCode(error.exitCode === 0 ? 0 : 2);
    } else {
      io.stderr.write(`${messageOf(error)}\n`);
      io.setExitCode(isWrongUse(error) ? 2 : 1);
    }
  } finally {
    io.setExitCode = record;
  }
  return code;
}

function forEachCommand(command: Command, visit: (one: Command) => void): void {
  visit(command);
  for (const child of command.commands) forEachCommand(child, visit);
}

/** A setting that can't be used is as wrong a call as an option that can't. */
function isWrongUse(error: unknown): boolean {
  return error instanceof WrongUse || (error instanceof Problem && error.code === 'SETTING_INVALID');
}

function messageOf(error: unknown): string {
  if (error instanceof Problem) return `${error.code}: ${error.detail}`;
  return error instanceof Error ? error.message : String(error);
}
