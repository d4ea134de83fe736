/** Variables with our prefix that are no setting of a service, by who reads them. */
export const otherVariables = [
  {
    title: 'Log server',
    about: 'Its files in `infra/nats` need these, all in quotes but the ports; the last seven with certificates.',
    variables: {
      VECTORIZER_NATS_HOST: 'where it listens',
      VECTORIZER_NATS_PORT: 'where clients reach it',
      VECTORIZER_NATS_MONITOR_PORT: 'where its monitoring is',
      VECTORIZER_NATS_STORE: 'the directory of its files',
      VECTORIZER_NATS_CA_FILE: 'the authority of the certificates',
      VECTORIZER_NATS_CERT_FILE: 'its certificate',
      VECTORIZER_NATS_KEY_FILE: "the certificate's key",
      VECTORIZER_NATS_ROUTE_CA_FILE: 'the authority of log servers that join each other, which signs nothing else',
      VECTORIZER_NATS_ROUTE_CERT_FILE: 'the certificate by which it joins others',
      VECTORIZER_NATS_ROUTE_KEY_FILE: "that certificate's key",
      VECTORIZER_NATS_CALLOUT_ISSUER: 'what is in `callout.issuer`, without quotes',
    },
  },
  {
    title: 'Commands',
    about: '',
    variables: {
      VECTORIZER_CONFIG: 'the settings file, as `--config`; services read it, too',
      VECTORIZER_API_KEY_FILE: 'the file of the key to ask with, as `--key-file`',
      VECTORIZER_CA_FILE: 'the certificate of the authority to trust, as `--ca-file`',
      VECTORIZER_API_KEY:
        "`vectorizer-client`'s key, as `--key`; and in what the dashboard's search console shows for `curl`",
      VECTORIZER_URL: 'the gateways that `vectorizer-client` asks, as `--url`',
      VECTORIZER_NATS_SERVER: 'the log server that `up` starts; `./vectorizer` sets it',
      VECTORIZER_REDIS_SERVER: 'the Redis that `up` starts; `./vectorizer` sets it',
    },
  },
  {
    title: 'Compose',
    about: '',
    variables: {
      VECTORIZER_IMAGE: 'the image that is run',
      VECTORIZER_INDEX_MEMORY: 'the memory that a container with an index node may have',
    },
  },
  {
    title: 'Tests and benchmarks',
    about: '',
    variables: {
      VECTORIZER_FUZZ_RUNS: 'how many requests the fuzz test of the gateway makes',
      VECTORIZER_MODEL_SECONDS: 'how long the model test of the engine runs',
      VECTORIZER_MODEL_SEED: 'what it begins with, to repeat a run',
      VECTORIZER_TEST_CERTS: 'the certificates of `./vectorizer test --secure`, which sets it',
      VECTORIZER_WHOLE_IMAGE: '`1` has the test of the image take every step of its build',
      VECTORIZER_BENCH_SEARCH_DELAY_MS: 'slows every search down, to see that the budgets notice',
    },
  },
] as const;

export const CONFIG_VARIABLE = 'VECTORIZER_CONFIG';
export const otherVariableNames: readonly string[] = otherVariables.flatMap(({ variables }) => Object.keys(variables));
