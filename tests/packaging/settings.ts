import { lineOf, resolveSettings, services, type Environment } from '@vectorizer/settings';

/** What a service would say of an environment, as its process reads it; nothing where it would start. */
export function settingProblems(role: string, environment: Environment): string[] {
  const service = services.find((name) => name === role.replace(/-\d+$/, ''));
  if (service === undefined) throw new Error(`there is no ${role}`);
  return resolveSettings(service, { environment }, { complete: true, readSecrets: false }).problems.map(lineOf);
}
