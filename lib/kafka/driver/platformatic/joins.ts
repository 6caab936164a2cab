import type { ConnectionPool } from '@platformatic/kafka';
import type { Answer, Between } from './requests.js';

/**
 * Sends a request on a connection of its own, which waits as long as the group may take to rebalance. On that of commits it would
 * hold them up, as a server answers the requests of a connection in turn, and the first of them that is answered too late closes it.
 *
 * @param ready resolves when what was asked before is answered
 */
export const onOwnConnection =
  (pool: Pick<ConnectionPool, 'get'>, ready: () => Promise<unknown> = () => Promise.resolve()): Between =>
  (send) =>
  (connection, ...args) => {
    const { host = '', port = 0 } = connection;
    const answer = args.at(-1) as Answer;
    void ready().then(() => {
      pool.get({ host, port }, (error, own) => {
        if (own !== undefined) send(own, ...args);
        else answer(error);
      });
    });
  };
