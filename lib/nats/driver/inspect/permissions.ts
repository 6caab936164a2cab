import { type Finding, isPath } from '../../../driver/index.js';
import type { SubjectNeed } from '../../needs.js';
import type { ClientConnection } from '../connection/client-port.js';

/** Answered by nats-server 2.10 and later, to every user who may ask. */
const USER_INFO = '$SYS.REQ.USER.INFO';
const ANSWER_MS = 2_000;

/** What a user may publish or subscribe to, as nats-server tells it. */
interface SubjectPermission {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/** The permissions of one user. */
export interface Permissions {
  readonly publish?: SubjectPermission;
  readonly subscribe?: SubjectPermission;
  /** `allow_responses`. */
  readonly responses?: object;
}

interface UserInfo {
  readonly data?: { readonly permissions?: Permissions };
}

/** Those of this connection; empty where everything is allowed; undefined where the server does not tell. */
export async function permissionsOf(nc: ClientConnection): Promise<Permissions | undefined> {
  try {
    const answer = await nc.request(USER_INFO, undefined, { timeout: ANSWER_MS });
    const { data } = JSON.parse(Buffer.from(answer.data).toString()) as UserInfo;
    return data === undefined ? undefined : (data.permissions ?? {});
  } catch {
    return undefined;
  }
}

/** The finding of a need that the permissions do not allow. */
export function forbidden(need: SubjectNeed, permissions: Permissions): Finding | undefined {
  // No wildcard stands for its placeholder.
  if (isPath(need.name)) return undefined;
  const refused = need.permissions.filter((use) => !allows(permissions, use, need));
  if (refused.length === 0) return undefined;
  const text = `this client may not ${refused.join(' and ')} there${need.note === undefined ? '' : ` (${need.note})`}`;
  return { problem: 'forbidden', what: need.what, name: need.name, text };
}

function allows(
  permissions: Permissions,
  use: 'publish' | 'subscribe',
  { name, queue, isAnswer }: SubjectNeed,
): boolean {
  if (isAnswer === true && permissions.responses !== undefined) return true;
  const { allow = [], deny = [] } = permissions[use] ?? {};
  const matches = (entry: string): boolean => covers(entry, name, queue);
  return (allow.length === 0 || allow.some(matches)) && !deny.some(matches);
}

/** Whether an entry covers every subject of a pattern. Behind a blank it may name a queue group. */
export function covers(entry: string, pattern: string, queue: string | undefined): boolean {
  const [subject = '', group] = entry.split(' ');
  if (group !== undefined && (queue === undefined || !coversSubject(group, queue))) return false;
  return coversSubject(subject, pattern);
}

function coversSubject(subject: string, pattern: string): boolean {
  const wider = subject.split('.');
  const tokens = pattern.split('.');
  for (const [at, token] of wider.entries()) {
    if (token === '>') return tokens.length > at;
    const other = tokens[at];
    if (other === undefined || other === '>' || (token !== '*' && token !== other)) return false;
  }
  return wider.length === tokens.length;
}
