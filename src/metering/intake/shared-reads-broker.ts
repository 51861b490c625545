// Sockets that read into one buffer of the process, and hand on what came as copies packed behind each other.
//
// Node.js gives each read of a socket 64 KiB of its own, and cuts it down to what came: for a telegram of a hundred bytes
// that costs more than all else the intake does with it. Sockets can be given a buffer (`onread` of net.Socket), but those
// that a server accepts can't; so each is made anew around its handle, as net.Server does itself.
import { Socket, type SocketConstructorOpts } from 'node:net';

/** Of a read at most, and of a block of copies; a block is collected when nothing that came in it is in use any more. */
const BLOCK_bytes = 65_536;

const received = Buffer.allocUnsafeSlow(BLOCK_bytes);
let block = Buffer.allocUnsafeSlow(BLOCK_bytes);
let used = 0;

/** The first bytes of what was received, in memory that nothing else is written to. */
function copied(bytes: number): Buffer {
  if (used + bytes > BLOCK_bytes) {
    block = Buffer.allocUnsafeSlow(BLOCK_bytes);
    used = 0;
  }
  const copy = block.subarray(used, used + bytes);
  copy.set(received.subarray(0, bytes));
  used += bytes;
  return copy;
}

/**
 * Takes over an accepted connection that nothing was read from yet: its server was made with `pauseOnConnect`.
 *
 * @returns the socket to use in its place, with `data` events as any other; `accepted` itself where it has no handle to give
 */
export function withSharedReads(accepted: Socket): Socket {
  const holder = accepted as unknown as { _handle: unknown };
  const handle = holder._handle;
  if (handle === null || typeof handle !== 'object') return accepted;
  holder._handle = null;
  // Without its handle it only has to be counted out of its server.
  accepted.destroy();
  const callback = (bytes: number): boolean => {
    socket.emit('data', copied(bytes));
    return true;
  };
  // `handle` is what Node.js calls private there; test/metering/intake/shared-reads.test.ts tells if it goes away.
  const options = { handle, onread: { buffer: received, callback } };
  const socket = new Socket(options as SocketConstructorOpts);
  return socket;
}
