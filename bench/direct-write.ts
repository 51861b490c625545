// Writes to a socket without the queue and the ticks of its stream, for the load alone: they cost 1 µs a write, and a load
// generator's processor time is taken from what it measures.
//
// This is what net.Socket does itself with the handle it holds, and both are private to Node.js: where they look otherwise,
// the stream is written to.
import type { Socket } from 'node:net';

interface Request {
  oncomplete?: () => void;
  buffer?: Uint8Array;
}

/** `internalBinding('stream_wrap')` of Node.js' lib/internal/stream_base_commons.js. */
interface StreamBinding {
  WriteWrap: new () => Request;
  streamBaseState: ArrayLike<number>;
  kLastWriteWasAsync: number;
}

interface Handle {
  /** @returns 0, or a negative error number */
  writeBuffer(request: Request, bytes: Uint8Array): number;
}

const binding = streamBinding();
let request: Request | null = binding === null ? null : new binding.WriteWrap();

export function writeNow(socket: Socket, bytes: Uint8Array): void {
  const handle = (socket as unknown as { _handle?: Partial<Handle> | null })._handle;
  // What the stream has queued goes first.
  if (binding === null || request === null || !handle?.writeBuffer || socket.writableLength > 0) socket.write(bytes);
  // What is wrong with the socket is the stream's to say.
  else if (handle.writeBuffer(request, bytes) !== 0) socket.write(bytes);
  else if (binding.streamBaseState[binding.kLastWriteWasAsync]) {
    // The rest is with libuv, which needs this request and the bytes until it is written. Later writes queue behind it there.
    request.oncomplete = () => {};
    request.buffer = bytes;
    request = new binding.WriteWrap();
  }
}

function streamBinding(): StreamBinding | null {
  try {
    return (process as unknown as { binding(name: string): StreamBinding }).binding('stream_wrap');
  } catch {
    return null;
  }
}
