/**
 * The Java client's default assigners, `[Range, CooperativeSticky]`, are not those of this library, and the server
 * refuses a member that knows none of the others'. With the newer protocol the server itself assigns, to both kinds.
 */
export function withForeignMembers(thrown: Error): Error {
  if (!isInconsistent(thrown)) return thrown;
  const what =
    `${thrown.message}: others of the group use other assigners. ` +
    'Members of the Java client share a group with this library by group.protocol=consumer';
  return new Error(what, { cause: thrown });
}

function isInconsistent(thrown: Error & { readonly type?: unknown }): boolean {
  if (thrown.type === 'INCONSISTENT_GROUP_PROTOCOL') return true;
  return thrown.cause instanceof Error && thrown.cause !== thrown && isInconsistent(thrown.cause);
}
