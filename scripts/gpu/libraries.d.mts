export function wheelFolders(python?: string): string[];
export function wheelEnvironment(
  env: NodeJS.ProcessEnv,
  folders?: () => string[],
): Record<string, string>;
