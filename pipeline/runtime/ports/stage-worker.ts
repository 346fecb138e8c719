import { InternalError } from '../../../ipu-config/base/errors.js';
import type { Answer, Request } from '../rank/protocol.js';
import { opened, StageHost } from '../rank/stage-host.js';

let host: StageHost | undefined;

/** Entry of a rank's thread: piscina calls it with each request. */
export async function handle(request: Request): Promise<Answer> {
  if (request.kind === 'open') {
    const { setup, notices } = request;
    host = new StageHost(setup, (notice) => notices?.postMessage(notice));
    return opened();
  }
  if (host === undefined) throw new InternalError(`${request.kind} came before open`);
  return host.answer(request);
}
