import type { Admin as PlatformaticAdmin } from '@platformatic/kafka';
import type { GroupDescription, GroupMember } from '../client/admin-port.js';
import type { Platformatic } from '../../platformatic/options.js';
import { protocolError } from './failures.js';
import { answered, type Link, requestOf } from './requests.js';

interface Described {
  readonly groups: readonly {
    readonly groupState: string;
    readonly members: readonly {
      readonly memberId: string;
      readonly subscribedTopicNames: readonly string[];
      readonly assignment: {
        readonly topicPartitions: readonly { readonly topicName: string; readonly partitions: readonly number[] }[];
      };
    }[];
  }[];
}

/** Of a question for the coordinator of a group. */
const GROUP = 0;

/**
 * A group by KIP-848, for which the client has no question: by that for classic groups it is dead. Undefined where there is no
 * such group, or the server knows none of its kind.
 */
export async function describeByServer(
  platformatic: Platformatic,
  admin: PlatformaticAdmin,
  groupId: string,
): Promise<GroupDescription | undefined> {
  try {
    const describe = await requestOf(admin, platformatic, 'ConsumerGroupDescribe');
    const [coordinator] = await admin.findCoordinator({ keyType: GROUP, keys: [groupId] });
    if (coordinator === undefined) return undefined;
    const connection = (await admin.connections.get(coordinator)) as Link;
    const { groups } = (await answered((answer) => describe(connection, [groupId], false, answer))) as Described;
    const [group] = groups;
    return group && { isStable: /^stable$/i.test(group.groupState), members: group.members.map(memberOf) };
  } catch (thrown) {
    if (isNotThere(thrown)) return undefined;
    throw thrown;
  }
}

function isNotThere(thrown: unknown): boolean {
  const { code } = thrown as { readonly code?: unknown };
  return code === 'PLT_KFK_UNSUPPORTED_API' || protocolError(thrown) === 'GROUP_ID_NOT_FOUND';
}

function memberOf({
  memberId,
  subscribedTopicNames,
  assignment,
}: Described['groups'][number]['members'][number]): GroupMember {
  const byTopic = assignment.topicPartitions.map(({ topicName, partitions }) => [topicName, partitions] as const);
  return { memberId, topics: new Set(subscribedTopicNames), assignment: Object.fromEntries(byTopic) };
}
