export function baseOf(asked: string | undefined, cwd?: string): { commit: string; what: string } | undefined;
