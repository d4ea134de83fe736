import { PREFIX, variableOf } from '../names.ts';
import { suggestion } from '../suggest.ts';
import { otherVariableNames } from '../table/other-variables.ts';
import { knownNames, meaningOf, type Given, type Problem, type Source } from './given.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What Kubernetes tells every container of a service that is called `vectorizer…`. */
const OF_KUBERNETES = /_SERVICE_(HOST|PORT(_.*)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
const ADDRESS_OF_KUBERNETES = /^(tcp|udp|sctp):\/\/.*:\d+$/;

const known = [...knownNames.map(variableOf), ...otherVariableNames];

/** An empty variable is one that is not set. */
export function fromEnvironment(environment: Environment): Source {
  const given: Given[] = [];
  const problems: Problem[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || text === undefined || text === '') continue;
    const meaning = meaningOf(nameOf(variable));
    if (isOfKubernetes(variable, text) || otherVariableNames.includes(variable)) continue;
    if (meaning === undefined || variable !== variable.toUpperCase()) {
      problems.push({ at: variable, reason: `no variable has this name${suggestion(variable.toUpperCase(), known)}` });
    } else {
      given.push({ ...meaning, text, at: variable });
    }
  }
  return { given, problems };
}

function nameOf(variable: string): string {
  return variable.slice(PREFIX.length).toLowerCase();
}

function isOfKubernetes(variable: string, text: string): boolean {
  return OF_KUBERNETES.test(variable) || (variable.endsWith('_PORT') && ADDRESS_OF_KUBERNETES.test(text));
}
