export function wheelFolders(python?: string): string[];
export function addWheelsToPath(env: NodeJS.ProcessEnv, folders?: () => string[]): void;
