import { fileNameOf, variableOf } from './names.ts';
import { services, type Setting } from './setting.ts';
import { otherVariables } from './table/other-variables.ts';
import { groups } from './table/table.ts';

const INTRODUCTION = `# Settings

Every setting that there is, and every variable that something of ours reads. This page is made from the table of settings by
\`./vectorizer config reference\`, and a test holds it to that.

## How they are set
A setting has one name, spelt in three ways: \`cache_bytes\` in a file, \`VECTORIZER_CACHE_BYTES\` in the environment, \`--cache-bytes\` as a flag. What is said by a flag counts before
the environment, that before the file, and that before the default.

\`\`\`yaml
# settings.yaml, for every service of a cluster and for ./vectorizer up
log_level: info
cache: # the same as cache_bytes and cache_ttl_s
  bytes: 268435456
  ttl_s: 60
cors_origins: [https://app.example]
index: # for this service alone; counts before what is said for all
  log_level: debug
\`\`\`

A service takes the same (\`node apps/gateway/dist/main.js --config settings.yaml --port 15002\`), or the file's path in \`VECTORIZER_CONFIG\`.

\`\`\`sh
./vectorizer up --config settings.yaml --slow-query-ms 20            # and hands it on to what it starts
./vectorizer config check settings.yaml                              # every problem with its place, and exit code 1; starts nothing
./vectorizer config show settings.yaml --service query               # what is in effect, and who said so; no secrets
\`\`\`

- The file is YAML 1.2 (JSON is YAML, too), at most 1 MiB. A path in it is meant from where the file lies; elsewhere from where the process was started.
- A list is separated by commas in a variable or a flag, and a map is JSON there.
- Each process reads its settings once, at its start, and refuses to start with one that it cannot use, or that nobody knows: it names all of them, each with its place, and what was
  probably meant. A setting that another service reads is accepted everywhere, so that all can be given the same. An empty variable, or an empty key of the file, is one that is not set.
- A **secret** can be in a file of its own: \`redis_password_file\` (\`VECTORIZER_REDIS_PASSWORD_FILE\`, \`--redis-password-file\`) in place of \`redis_password\`. No flag takes a password,
  since everybody on a machine can read the flags of its processes. Secrets are never shown, nor written to a log.
- \`./vectorizer up\` and \`cluster up\` take every setting of what they start as a flag, and refuse those that say where things are, which they decide themselves. Tracing is set by
  [OpenTelemetry's own](OBSERVABILITY.md#traces) variables. What Kubernetes sets for a service named \`vectorizer\` (\`VECTORIZER_PORT=tcp://…\`, \`…_SERVICE_HOST\`) is passed over.`;

/** docs/SETTINGS.md. */
export function settingsReference(): string {
  const tables = groups.map(({ title, settings }) =>
    [
      `## ${title}`,
      '| setting | | default | | read by |',
      '|---|---|---|---|---|',
      ...Object.entries<Setting>(settings).map(([name, setting]) => row(name, setting)),
    ].join('\n'),
  );
  const others = otherVariables.map(({ title, about, variables }) =>
    [
      `## ${title}`,
      ...(about === '' ? [] : [about, '']),
      '| variable | |',
      '|---|---|',
      ...Object.entries(variables).map(([variable, what]) => `| \`${variable}\` | ${what} |`),
    ].join('\n'),
  );
  return `${[INTRODUCTION, ...tables, ...others].join('\n\n')}\n`;
}

function row(name: string, setting: Setting): string {
  const { type, about, secret, onlyVariable, atRunTime } = setting;
  const spelt = `\`${name}\` \`${variableOf(name)}\`${secret === undefined ? '' : ` or \`${variableOf(fileNameOf(name))}\``}`;
  const notes = [
    about,
    ...(secret === 'value' ? ['**secret**'] : []),
    ...(secret === 'credentials' ? ['**secret** where it holds a password'] : []),
    ...(onlyVariable === true ? ['only as a variable'] : []),
    ...(atRunTime === undefined ? [] : [`at run time: ${atRunTime}`]),
  ].join('; ');
  return `| ${spelt} | ${type.expected} | ${defaultText(setting)} | ${notes} | ${readBy(setting)} |`;
}

function defaultText({ default: given, otherwise }: Setting): string {
  if (given === undefined) return otherwise ?? '–';
  if (typeof given === 'string') return `\`${given}\``;
  return Object.entries(given)
    .map(([service, text]) => `${text} ${service}`)
    .join(', ');
}

function readBy({ services: readers }: Setting): string {
  return readers.length === services.length ? 'all' : readers.join(', ');
}
