import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { root } from './dockerfile.ts';

/** docker-compose.yml as Compose reads it: anchors merged, variables as they are when nobody sets them. */
export type Service = {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly user?: string;
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks: readonly string[] | Readonly<Record<string, { readonly aliases?: readonly string[] }>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly pids_limit?: number;
  readonly deploy?: { readonly resources?: { readonly limits?: { readonly cpus?: string; readonly memory?: string } } };
};
export type Compose = {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, object>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
};

export function readCompose(): Compose {
  return readComposeFile('docker-compose.yml') as Compose;
}

/** With docker-compose.tls.yml over it, as `docker compose --file … --file …` merges what is in these. */
export function readSecureCompose(): Compose {
  const { services, volumes, secrets } = readCompose();
  const over = readComposeFile('docker-compose.tls.yml');
  const merged = Object.entries(services).map(([name, service]): [string, Service] => {
    const more: Partial<Service> = over.services?.[name] ?? {};
    const environment = { ...service.environment, ...more.environment };
    const all = [...(service.secrets ?? []), ...(more.secrets ?? [])];
    const healthcheck = { ...service.healthcheck, ...more.healthcheck };
    return [name, { ...service, ...more, environment, secrets: all, healthcheck } as Service];
  });
  return { services: Object.fromEntries(merged), volumes, secrets: { ...secrets, ...over.secrets } };
}

export function readComposeFile(name: string): Partial<Compose> {
  const filled = readFileSync(resolve(root, name), 'utf8').replaceAll(/\$\{[A-Z_]+:?-([^}]*)\}/g, '$1');
  if (filled.includes('${')) throw new Error('a variable has no default');
  return parse(filled, { merge: true }) as Partial<Compose>;
}

/** By name, of one profile. */
export function servicesOf({ services }: Compose, profile: string): [string, Service][] {
  return Object.entries(services).filter(([, { profiles = [] }]) => profiles.includes(profile));
}

/** How others in its networks call it. */
export function namesOf(name: string, { networks }: Service): string[] {
  const aliases = Array.isArray(networks) ? [] : Object.values(networks).flatMap((each) => each?.aliases ?? []);
  return [name, ...aliases];
}
