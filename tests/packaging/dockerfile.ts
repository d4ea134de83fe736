import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DockerfileParser, PropertyInstruction, type Instruction } from 'dockerfile-ast';

/** What infra/docker/Dockerfile says, as tests follow it. */
export const root = resolve(import.meta.dirname, '../..');
export const dockerfileText = readFileSync(resolve(root, 'infra/docker/Dockerfile'), 'utf8');

/** The user, its volumes and what it runs, of the image that the last stage makes. */
export type Image = {
  /** Shell commands of the stage that builds, in order. */
  readonly buildSteps: readonly string[];
  readonly bases: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly user: string;
  readonly volumes: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthCommand: readonly string[];
  /** What it takes from the stage that builds. */
  readonly copied: { readonly from: string; readonly to: string };
};

export function readImage(): Image {
  const instructions = DockerfileParser.parse(dockerfileText).getInstructions();
  const stages = instructions.reduce<Instruction[][]>((all, each) => {
    if (each.getKeyword() === 'FROM') all.push([]);
    all.at(-1)?.push(each);
    return all;
  }, []);
  const [build, final] = stages;
  if (build === undefined || final === undefined || stages.length !== 2) throw new Error('two stages were expected');
  const [, from = '', to = ''] = /^(\S+) (\S+)$/.exec(argumentsOf(final, 'COPY')) ?? [];
  const [, health = ''] = /^CMD (\[.*\])$/s.exec(argumentsOf(final, 'HEALTHCHECK')) ?? [];
  return {
    buildSteps: build.filter((each) => each.getKeyword() === 'RUN').map((each) => each.getRawArgumentsContent() ?? ''),
    bases: stages.map((stage) => argumentsOf(stage, 'FROM').split(' ')[0] ?? ''),
    environment: propertiesOf(final, 'ENV'),
    labels: propertiesOf(final, 'LABEL'),
    user: argumentsOf(final, 'USER'),
    volumes: listOf(argumentsOf(final, 'VOLUME')),
    entrypoint: listOf(argumentsOf(final, 'ENTRYPOINT')),
    command: listOf(argumentsOf(final, 'CMD')),
    healthCommand: listOf(health),
    copied: { from, to },
  };
}

/** Of the one instruction of this name in a stage. */
function argumentsOf(stage: readonly Instruction[], keyword: string): string {
  const found = stage.filter((each) => each.getKeyword() === keyword);
  if (found.length !== 1) throw new Error(`${found.length} ${keyword} where one was expected`);
  return found[0]?.getRawArgumentsContent() ?? '';
}

/** Only this form is run as it is, without a shell that would take the signals. */
function listOf(text: string): readonly string[] {
  return JSON.parse(text) as string[];
}

function propertiesOf(stage: readonly Instruction[], keyword: string): Record<string, string> {
  const found = stage.filter((each) => each.getKeyword() === keyword);
  const properties = found.flatMap((each) => (each instanceof PropertyInstruction ? each.getProperties() : []));
  return Object.fromEntries(properties.map((each) => [each.getName(), each.getValue() ?? '']));
}
